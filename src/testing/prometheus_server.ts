/** A real Prometheus of a test's own, which scrapes several times a second. */
import { TestProcess, until } from "./processes.ts";
import { unusedPort } from "./unused_ports.ts";

/** One answer to a query: labels, and the value as text. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** What it scrapes: addresses by job. */
export interface PrometheusOptions {
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** Absolute paths of rule files. */
  readonly ruleFiles: readonly string[];
}

/** Ended by its own pid, with its data, when disposed of. */
export class PrometheusServer implements AsyncDisposable {
  readonly process: TestProcess;
  readonly #base: string;
  readonly #directory: string;

  private constructor(process: TestProcess, port: number, directory: string) {
    this.process = process;
    this.#base = `http://127.0.0.1:${port}`;
    this.#directory = directory;
  }

  /** A server that answers. */
  static async start(options: PrometheusOptions): Promise<PrometheusServer> {
    const directory = await Deno.makeTempDir({ prefix: "shoal-prometheus-" });
    const port = unusedPort();
    await Deno.writeTextFile(`${directory}/prometheus.yml`, configOf(options)); // JSON is YAML
    const process = new TestProcess("prometheus", [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ], { cwd: directory });
    const server = new PrometheusServer(process, port, directory);
    try {
      await until("Prometheus answers", () => server.#isReady(), 20_000);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What an expression says now. Throws with Prometheus's own words when it cannot be evaluated. */
  async query(expr: string): Promise<readonly PrometheusSample[]> {
    const data = await this.get<{ resultType: string; result: readonly PrometheusSample[] }>(
      `/api/v1/query?query=${encodeURIComponent(expr)}`,
    );
    return data.result;
  }

  /** The `data` of an answer of its API. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#base}${path}`, { signal: AbortSignal.timeout(5_000) });
    const answer: { status: string; error?: string; data: T } = await response.json();
    if (answer.status !== "success") throw new Error(`Cannot ask Prometheus ${path}: ${answer.error}`);
    return answer.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #isReady(): Promise<boolean> {
    if (this.process.hasEnded) throw new Error(`Prometheus has ended:\n${this.process.text}`);
    try {
      const response = await fetch(`${this.#base}/-/ready`, { signal: AbortSignal.timeout(1_000) });
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException) return false; // not listening yet
      throw error;
    }
  }
}

function configOf({ targets, ruleFiles }: PrometheusOptions): string {
  return JSON.stringify({
    global: { scrape_interval: "500ms", scrape_timeout: "500ms", evaluation_interval: "500ms" },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(targets).map(([job_name, addresses]) => ({
      job_name,
      static_configs: [{ targets: addresses }],
    })),
  });
}

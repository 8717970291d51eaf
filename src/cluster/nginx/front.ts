/** The nginx of `deno task cluster --nginx`: configured for the nodes there are, and kept running. */
import { fileURLToPath } from "node:url";
import { WATCH_PARENT_VARIABLE } from "../../core/supervision.ts";
import { type NodeExit, type NodeProcess, startProcess } from "../node_process.ts";
import { baseUrl } from "../probe.ts";
import { within } from "../within.ts";
import { nginxConfig, serverLine } from "./nginx_config.ts";
import { type FrontSettings, nginxDefaults, nginxFaults, type NginxOptions } from "./options.ts";
import { readTemplates } from "./read_templates.ts";

/** Where nginx stands, and who hears of it. */
export interface FrontParts {
  /** Address that nodes and nginx listen on. */
  readonly host: string;
  /** Port that clients reach. */
  readonly port: number;
  /** Folder in which `.shoal/` is kept. */
  readonly directory: string;
  /** Log of the supervisor. */
  readonly say: (text: string) => void;
  /** Nginx cannot be kept running; told once. */
  readonly onLost: (why: string) => void;
}

const LISTENS_WITHIN_MS = 10_000;
const CLOSES_WITHIN_MS = 5_000;
const RESTART_AFTER_MS = 500;
/** So many ends within that time, and nginx is given up. */
const [GIVE_UP_AFTER, GIVE_UP_WITHIN_MS] = [5, 60_000];
/** Where Debian keeps it, and where PATH of a plain user does not lead. */
const MORE_PATH = "/usr/sbin:/usr/local/sbin";

/** Runs nginx through a keeper, a process that ends it when this one is gone. Calls may be made at any time. */
export class NginxFront {
  readonly #parts: FrontParts;
  readonly #folder: string;
  #settings: FrontSettings;
  #ports: readonly number[];
  #writing: Promise<void> = Promise.resolve();
  #process: NodeProcess | undefined;
  #endsMs: number[] = [];
  #isEnding = false;
  #kept: Promise<void> = Promise.resolve();

  private constructor(parts: FrontParts, settings: FrontSettings, ports: readonly number[]) {
    this.#parts = parts;
    this.#settings = settings;
    this.#ports = ports;
    this.#folder = `${parts.directory}/.shoal/nginx-${parts.port}`;
  }

  /** Starts nginx before the nodes on `ports`. Resolves when it listens; rejects with words for people when it cannot. */
  static async open(
    parts: FrontParts,
    settings: FrontSettings,
    ports: readonly number[],
  ): Promise<NginxFront> {
    const front = new NginxFront(parts, settings, ports);
    await Deno.mkdir(front.#folder, { recursive: true });
    await front.#write();
    const first = front.#start();
    const fate = await Promise.race([first.exited, front.#listening(first.exited)]);
    if (fate !== undefined) throw new Error(`Cannot start nginx: ${endWords(fate)}`);
    front.#kept = front.#keep(first);
    return front;
  }

  /** The nodes are those on `ports` from now on. */
  show(ports: readonly number[]): void {
    if (ports.length === 0 || String(ports) === String(this.#ports)) return;
    this.#ports = ports;
    this.#apply();
  }

  /** The configuration of the nodes was read again. */
  change(settings: FrontSettings): void {
    this.#settings = settings;
    this.#apply();
  }

  /** Ends nginx, when the nodes are gone. */
  async close(): Promise<void> {
    this.#isEnding = true;
    await this.#writing;
    this.#process?.signal("SIGTERM");
    await within(this.#kept, CLOSES_WITHIN_MS);
  }

  #apply(): void {
    this.#writing = this.#writing.then(() => this.#write()).then(
      () => this.#process?.signal("SIGHUP"),
      (error) => this.#parts.say(`nginx keeps its configuration: ${error}`),
    );
  }

  async #write(): Promise<void> {
    const options = this.#options;
    const faults = nginxFaults(options);
    if (faults.length > 0) throw new Error(faults.join("; "));
    const servers = this.#ports.map((port) => serverLine(new URL(baseUrl(this.#parts.host, port)).host));
    await replaceFile(`${this.#folder}/upstream.conf`, `${servers.join("\n")}\n`);
    await replaceFile(`${this.#folder}/nginx.conf`, nginxConfig(await readTemplates(), options));
  }

  get #options(): NginxOptions {
    const { host, port } = this.#parts;
    const { instances, sticky, connectionsPerAddress, requestsPerAddress } = nginxDefaults;
    return {
      ...{ instances, sticky, connectionsPerAddress, requestsPerAddress },
      ...this.#settings,
      firstPort: 1,
      host,
      port,
      runDir: this.#folder,
      upstreamFile: `${this.#folder}/upstream.conf`,
      isSupervised: true,
    };
  }

  #start(): NodeProcess {
    return this.#process = startProcess(
      keeperCommand(this.#folder),
      (line) => this.#parts.say(`nginx: ${line}`),
    );
  }

  /** Starts it again whenever it ends, until it is not to run any more or cannot. */
  async #keep(first: NodeProcess): Promise<void> {
    let exit = await first.exited;
    while (!this.#isEnding) {
      const nowMs = performance.now();
      this.#endsMs = [...this.#endsMs.filter((atMs) => nowMs - atMs < GIVE_UP_WITHIN_MS), nowMs];
      if (this.#endsMs.length >= GIVE_UP_AFTER) return this.#parts.onLost(endWords(exit));
      this.#parts.say(`nginx ended with exit code ${exit.code}: starting it again`);
      await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS));
      if (this.#isEnding) return;
      exit = await this.#start().exited;
    }
  }

  /** Resolves when somebody listens on the port, which was free a moment ago. */
  async #listening(ended: Promise<unknown>): Promise<undefined> {
    let hasEnded = false;
    void ended.then(() => hasEnded = true);
    const { hostname } = new URL(baseUrl(this.#parts.host, this.#parts.port));
    const endMs = performance.now() + LISTENS_WITHIN_MS;
    while (!hasEnded) {
      const isUp = await canConnect(hostname.replace(/^\[|\]$/g, ""), this.#parts.port);
      if (isUp) return undefined;
      if (performance.now() > endMs) {
        throw new Error(`Cannot start nginx: it does not listen after ${seconds()} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return await new Promise<undefined>(() => {});
  }
}

function seconds(): number {
  return LISTENS_WITHIN_MS / 1_000;
}

async function canConnect(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

function keeperCommand(folder: string) {
  const path = [Deno.env.get("PATH"), MORE_PATH].filter(Boolean).join(":");
  const keeper = fileURLToPath(new URL("./keeper.ts", import.meta.url));
  return {
    program: Deno.execPath(),
    args: ["run", "--no-prompt", "--allow-run=nginx,cat", keeper, folder],
    env: { PATH: path, [WATCH_PARENT_VARIABLE]: undefined },
  };
}

function endWords({ code, lastLines }: NodeExit): string {
  const said = lastLines.map((line) => `\n  ${line}`).join("");
  return `it ended with exit code ${code}${
    said === "" ? " and wrote nothing" : `; the last it wrote:${said}`
  }`;
}

/** Whoever reads the file sees the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text);
  await Deno.rename(`${path}.new`, path);
}

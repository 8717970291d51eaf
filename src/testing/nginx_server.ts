/** A real nginx for tests, run from our own templates. */
import {
  nginxConfig,
  nginxDefaults,
  nginxFaults,
  type NginxOptions,
  readTemplates,
  serverLine,
} from "../cluster/mod.ts";
import { TestProcess, until } from "./processes.ts";
import { unusedPort } from "./unused_ports.ts";

const READY_WITHIN_MS = 10_000;
const ENDS_WITHIN_MS = 5_000;

/** Line of the access log. */
export interface AccessLine {
  readonly request_id: string;
  readonly path: string;
  readonly status: string;
  readonly upstream: string;
  readonly upstream_status: string;
  readonly [field: string]: unknown;
}

/** Options of an nginx in a test: defaults for all but the nodes. */
export type NginxTestOptions =
  & Partial<NginxOptions>
  & ({ readonly servers: readonly string[] } | { readonly upstreamFile: string });

/** Runs nginx in the foreground, in a folder of its own. Ended by its own pid when disposed of. */
export class NginxServer implements AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  readonly process: TestProcess;

  private constructor(port: number, directory: string) {
    this.port = port;
    this.directory = directory;
    // A bare name is not found where PATH leaves /usr/sbin out.
    this.process = new TestProcess("nginx", ["-p", directory, "-c", `${directory}/nginx.conf`]);
  }

  /** One that takes connections. */
  static async open(options: NginxTestOptions): Promise<NginxServer> {
    const directory = await nginxDirectory();
    const port = options.port ?? unusedPort();
    await Deno.writeTextFile(`${directory}/nginx.conf`, await nginxText({ ...options, port }, directory));
    const server = new NginxServer(port, directory);
    try {
      await until(`nginx listens on ${port}`, () => server.#isListening(), READY_WITHIN_MS);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** WebSocket of the client protocol. */
  get ws(): string {
    return `ws://127.0.0.1:${this.port}/connection/websocket`;
  }

  /** What the access log has said so far. */
  accessLines(): readonly AccessLine[] {
    return this.process.text.split("\n").filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line)
    );
  }

  /** Ends it in good order: the workers of a killed master would live on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop("SIGTERM", ENDS_WITHIN_MS);
    await Deno.remove(this.directory, { recursive: true });
  }

  async #isListening(): Promise<boolean> {
    if (this.process.hasEnded) throw new Error(`nginx has ended:\n${this.process.text}`);
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  }
}

/** A folder that nginx's workers, which give up root, may enter. */
export async function nginxDirectory(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "shoal-nginx-" });
  await Deno.chmod(directory, 0o755);
  return directory;
}

/** The configuration of a test's nginx, as the generator makes it. `servers` replaces the ports in a row. */
export async function nginxText(options: NginxTestOptions, runDir: string): Promise<string> {
  const resolved: NginxOptions = {
    instances: nginxDefaults.instances,
    firstPort: 1,
    port: 65_535,
    sticky: nginxDefaults.sticky,
    connectionsPerAddress: nginxDefaults.connectionsPerAddress,
    requestsPerAddress: nginxDefaults.requestsPerAddress,
    pingIntervalMs: 25_000,
    maxBodyBytes: 1024 * 1024,
    runDir,
    ...options,
    ...("servers" in options ? { upstreamFile: `${runDir}/upstream.conf` } : {}),
  };
  const faults = nginxFaults(resolved);
  if (faults.length > 0) throw new TypeError(faults.join("\n"));
  if ("servers" in options) {
    await Deno.writeTextFile(`${runDir}/upstream.conf`, options.servers.map(serverLine).join("\n"));
  }
  return nginxConfig(await readTemplates(), resolved);
}

/** Makes a certificate for localhost that nobody vouches for, with its key, in `directory`. */
export async function selfSigned(
  directory: string,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = [`${directory}/certificate.pem`, `${directory}/key.pem`];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = [
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ];
  await using openssl = new TestProcess("openssl", [
    "req",
    ...kind,
    ...names,
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  if ((await openssl.end()).code !== 0) throw new Error(`Cannot make a certificate:\n${openssl.text}`);
  return { certificate, key };
}

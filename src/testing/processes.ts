/** The program as child processes, started as its tasks start it: nodes for tests of the whole. */
import { fileURLToPath } from "node:url";
import { root, TestProcess } from "./test_process.ts";
import { unusedPort } from "./unused_ports.ts";
import { until } from "./waiting.ts";

export {
  isAlive,
  type ProcessEnd,
  type ProcessOptions,
  root,
  rssOf,
  survivors,
  TestProcess,
} from "./test_process.ts";
export { pause, until } from "./waiting.ts";

/** The program's entry. */
export const program = fileURLToPath(new URL("../main.ts", import.meta.url));

/** A node or cluster of a test is ready by then. */
export const READY_WITHIN_MS = 20_000;
const STATS_WITHIN_MS = 3_000;

/** The rights of `deno task start`. */
const nodeRights = ["--no-prompt", "--allow-net", "--allow-env", `--allow-read=${root}`];

/** Runs one of the program's short commands to its end, with the rights of a node. */
export async function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  await using process = new TestProcess(Deno.execPath(), ["run", ...nodeRights, program, ...args], { env });
  const { code } = await process.end();
  return { code, text: process.text };
}

/** Records of a node's log that tell of a fault: level error, or no record at all, such as a stack. */
export function faultLines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "" && isFault(line));
}

function isFault(line: string): boolean {
  const record = line.replace(/^\d+ +\| /, "");
  if (record.startsWith("shoal | ")) return false;
  if (!record.startsWith("{")) return line !== record || record.includes("Error");
  return /"level":"error"/.test(record);
}

/** What a node is started with. */
export interface NodeOptions {
  readonly port?: number;
  readonly redisUrl?: string;
  /** Options for `--set`, by name. */
  readonly set?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of the runtime, such as `--inspect=127.0.0.1:9229`. */
  readonly runtimeFlags?: readonly string[];
}

/** `--set` flags for options. */
export function setWords(set: NodeOptions["set"] = {}): readonly string[] {
  return Object.entries(set).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
}

/** What `GET /health` says, as far as tests look. */
export interface Health {
  readonly status: string;
  readonly node: string;
  readonly connections: number;
}

/** Addresses of a node by its port. */
export class NodeAddress {
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  /** WebSocket of the client protocol. */
  get ws(): string {
    return `ws://127.0.0.1:${this.port}/connection/websocket`;
  }

  /** Reads a JSON answer of `path`, whatever its status. */
  async json<T>(path: string): Promise<{ readonly status: number; readonly body: T }> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(5_000),
    });
    return { status: response.status, body: await response.json() };
  }

  async health(): Promise<Health> {
    return (await this.json<Health>("/health")).body;
  }

  /** Whether it takes clients; false when nobody answers. */
  async isReady(): Promise<boolean> {
    try {
      return (await this.json("/health/ready")).status === 200;
    } catch (error) {
      // Not listening yet, or any more.
      if (error instanceof TypeError || error instanceof DOMException) return false;
      throw error;
    }
  }

  /** Ids of the nodes that `/stats` shows as live; asked again while the node cannot say, as after a freeze. */
  async liveNodes(): Promise<readonly string[]> {
    let nodes: readonly string[] = [];
    await until("/stats answers", async () => {
      const { status, body } = await this.json<{ cluster: { nodes: { node: string }[] } }>("/stats");
      if (status === 200) nodes = body.cluster.nodes.map(({ node }) => node);
      return status === 200;
    }, STATS_WITHIN_MS);
    return nodes;
  }
}

/** One `shoal start`, which can be killed and started again on its port. */
export class NodeProcess extends NodeAddress implements AsyncDisposable {
  readonly #options: NodeOptions;
  #process: TestProcess;

  private constructor(options: NodeOptions, port: number) {
    super(port);
    this.#options = options;
    this.#process = this.#spawn();
  }

  /** A node that is ready. */
  static async start(options: NodeOptions = {}): Promise<NodeProcess> {
    const node = NodeProcess.launch(options);
    try {
      await node.ready();
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A node that was started and need not be ready. */
  static launch(options: NodeOptions = {}): NodeProcess {
    return new NodeProcess(options, options.port ?? unusedPort());
  }

  get process(): TestProcess {
    return this.#process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** See {@linkcode faultLines}. */
  get faults(): readonly string[] {
    return faultLines(this.#process.text);
  }

  /** Waits until it takes clients; answers how long that took, in milliseconds. */
  async ready(withinMs = READY_WITHIN_MS): Promise<number> {
    const process = this.#process;
    return await until(`node ${this.port} is ready`, () => {
      if (process.hasEnded) throw new Error(`Node ${this.port} has ended:\n${process.text}`);
      return this.isReady();
    }, withinMs);
  }

  /** Kills it (SIGKILL) and waits for its end. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Starts a new process on the same port once the old one, which was killed or told to end, has ended. */
  async restart(): Promise<void> {
    await this.#process.end();
    this.#process = this.#spawn();
    await this.ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #spawn(): TestProcess {
    const { redisUrl, set, env, runtimeFlags = [] } = this.#options;
    const redis = redisUrl === undefined ? {} : { REDIS_URL: redisUrl };
    const options = ["--port", String(this.port), ...setWords(set)];
    const args = ["run", ...nodeRights, ...runtimeFlags, program, "start", ...options];
    return new TestProcess(Deno.execPath(), args, { env: { ...redis, ...env } });
  }
}

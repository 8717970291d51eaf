/** The program as child processes, started as its tasks start it: nodes and clusters for tests of the whole. */
import { fileURLToPath } from "node:url";
import { unusedPort } from "./unused_ports.ts";

/** The repo's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));
/** The program's entry. */
export const program = fileURLToPath(new URL("../main.ts", import.meta.url));

/** A node or cluster of a test is ready by then. */
export const READY_WITHIN_MS = 20_000;
const LINE_WITHIN_MS = 20_000;
const STATS_WITHIN_MS = 3_000;
const KEPT_CHARS = 4 * 1024 * 1024;

/** Waits `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for a fact about other processes, which send no event; answers how many milliseconds it took. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<number> {
  const startMs = performance.now();
  while (!await isTrue()) {
    if (performance.now() - startMs > withinMs) throw new Error(`Waited ${withinMs} ms in vain: ${what}`);
    await pause(25);
  }
  return Math.round(performance.now() - startMs);
}

/** True while a process runs; one that has ended and that nobody has fetched yet (state Z) does not. */
export async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/stat`], stderr: "null" }).output();
  const state = /\) (\w) /.exec(new TextDecoder().decode(stdout))?.[1];
  return state !== undefined && state !== "Z";
}

/** Those of `pids` that still run. */
export async function survivors(pids: readonly number[]): Promise<readonly number[]> {
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, at) => alive[at]);
}

/** Resident memory of a process in bytes, 0 when it is gone. */
export async function rssOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`], stderr: "null" })
    .output();
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(new TextDecoder().decode(stdout))?.[1] ?? 0) * 1024;
}

/** How a process is started beyond what it inherits: nothing but `PATH`, `HOME`, and where Deno keeps its packages. */
export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number;
  readonly signal: string | null;
}

/** A running child whose output is kept and can be waited for. Killed by its own pid when disposed of. */
export class TestProcess implements AsyncDisposable {
  readonly pid: number;
  /** What it has written so far, stdout and stderr together. */
  text = "";
  /** Resolves with its end, once all its output is read. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: Deno.ChildProcess;
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  constructor(command: string, args: readonly string[], { env, cwd = root }: ProcessOptions = {}) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      cwd,
      clearEnv: true,
      env: { ...inherited(), NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.ended = this.#watch();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends a signal; does nothing after the end. */
  signal(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** All matches of `pattern` in the output once there are `count`; throws with the output when they do not come. */
  async matches(pattern: RegExp, count = 1, withinMs = LINE_WITHIN_MS): Promise<readonly RegExpMatchArray[]> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const found = [...this.text.matchAll(pattern)];
      if (found.length >= count) return found;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || this.#hasEnded) {
        throw new Error(`Want ${count} of ${pattern}, got ${found.length} in:\n${this.text.slice(-8_000)}`);
      }
      await this.#nextOutput(leftMs);
    }
  }

  /** Kills it (SIGKILL) and waits for its end. */
  async kill(): Promise<ProcessEnd> {
    this.signal("SIGKILL");
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #watch(): Promise<ProcessEnd> {
    const outputs = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
    const { code, signal } = await this.#child.status;
    this.#hasEnded = true;
    await outputs;
    this.#wakeAll();
    return { code, signal };
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.text = (this.text + text).slice(-KEPT_CHARS);
      this.#wakeAll();
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }

  #nextOutput(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }
}

/** An environment in which nothing configures the program, whatever the shell of the tests has set. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "DENO_DIR", "DENO_NO_UPDATE_CHECK", "DENO_COVERAGE_DIR", "TMPDIR"];
  const pairs = names.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries(pairs.flatMap(([name, value]) => value === undefined ? [] : [[name, value]]));
}

/** The rights of `deno task start`. */
const nodeRights = ["--no-prompt", "--allow-net", "--allow-env", `--allow-read=${root}`];

/** Runs one of the program's short commands to its end, with the rights of a node. */
export async function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  await using process = new TestProcess(Deno.execPath(), ["run", ...nodeRights, program, ...args], { env });
  const { code } = await process.ended;
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
}

/** `name=value` words of `--set`. */
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

  /** Starts a new process on the same port. The old one must have ended. */
  async restart(): Promise<void> {
    this.#process = this.#spawn();
    await this.ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #spawn(): TestProcess {
    const { redisUrl, set, env } = this.#options;
    const redis = redisUrl === undefined ? {} : { REDIS_URL: redisUrl };
    const args = ["run", ...nodeRights, program, "start", "--port", String(this.port), ...setWords(set)];
    return new TestProcess(Deno.execPath(), args, { env: { ...redis, ...env } });
  }
}

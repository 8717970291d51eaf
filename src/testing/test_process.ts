/** Child processes of tests: their output is kept, and they end with the test. */
import { fileURLToPath } from "node:url";
import { inTime, Waiters } from "./waiting.ts";

/** The repo's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const LINE_WITHIN_MS = 20_000;
/** What ends by itself has done so by then; what is killed long before. */
const ENDS_WITHIN_MS = 60_000;
const DIES_WITHIN_MS = 20_000;
const KEPT_CHARS = 4 * 1024 * 1024;

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
  /** Keeps its standard input open for {@linkcode TestProcess.write}; else it has none. */
  readonly hasInput?: boolean;
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
  readonly #ended: Promise<ProcessEnd>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #waiters = new Waiters();
  #hasEnded = false;
  /** Nothing more can come; what it started may have written on after its end. */
  #isSilent = false;

  constructor(
    command: string,
    args: readonly string[],
    { env, cwd = root, hasInput = false }: ProcessOptions = {},
  ) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      cwd,
      clearEnv: true,
      env: { ...inherited(), NO_COLOR: "1", ...env },
      stdin: hasInput ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = hasInput ? this.#child.stdin.getWriter() : undefined;
    this.pid = this.#child.pid;
    this.#ended = this.#watch();
    this.#ended.catch(() => {}); // whoever asks for the end hears of it
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Its end, once all its output is read. Rejects with the output when that takes longer than `withinMs`. */
  async end(withinMs = ENDS_WITHIN_MS): Promise<ProcessEnd> {
    return await inTime(`the end of process ${this.pid}`, this.#ended, withinMs).catch((cause) => {
      const left = this.#hasEnded ? " (it has ended; what it has started holds its output open)" : "";
      throw new Error(`Process ${this.pid} does not end${left}:\n${this.text.slice(-8_000)}`, { cause });
    });
  }

  /** Ends it with `signal`, and by force when that takes longer than `politeMs`. */
  async stop(signal: Deno.Signal, politeMs: number): Promise<ProcessEnd> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal("SIGKILL"), politeMs);
    return await this.end(politeMs + DIES_WITHIN_MS).finally(() => clearTimeout(timer));
  }

  /** Sends a signal; does nothing after the end. */
  signal(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** All matches of `pattern` in the output once there are `count`; throws with the output when they do not come. */
  async matches(pattern: RegExp, count = 1, withinMs = LINE_WITHIN_MS): Promise<readonly RegExpMatchArray[]> {
    const found = () => [...this.text.matchAll(pattern)];
    const isOver = () => found().length >= count || this.#isSilent;
    const what = () => `${count} of ${pattern}, got ${found().length} in:\n${this.text.slice(-8_000)}`;
    await this.#waiters.until(what, isOver, withinMs);
    if (found().length < count) throw new Error(`It has ended without ${what()}`);
    return found();
  }

  /** Writes to its standard input. */
  async write(text: string): Promise<void> {
    await this.#input?.write(new TextEncoder().encode(text));
  }

  /** Ends its standard input. */
  async closeInput(): Promise<void> {
    await this.#input?.close();
  }

  /** Kills it (SIGKILL) and waits for its end. */
  async kill(): Promise<ProcessEnd> {
    this.signal("SIGKILL");
    return await this.end(DIES_WITHIN_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#input?.abort().catch(() => {}); // a pipe whose reader is gone cannot be closed in order
  }

  async #watch(): Promise<ProcessEnd> {
    const outputs = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
    const { code, signal } = await this.#child.status;
    this.#hasEnded = true;
    await outputs;
    this.#isSilent = true;
    this.#waiters.wake();
    return { code, signal };
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.text = (this.text + text).slice(-KEPT_CHARS);
      this.#waiters.wake();
    }
  }
}

/** An environment in which nothing configures the program, whatever the shell of the tests has set. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "DENO_DIR", "DENO_NO_UPDATE_CHECK", "DENO_COVERAGE_DIR", "TMPDIR"];
  const pairs = names.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries(pairs.flatMap(([name, value]) => value === undefined ? [] : [[name, value]]));
}

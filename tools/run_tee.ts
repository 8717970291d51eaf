/** Runs a program whose output is both shown and read. */
import type { LineFinder } from "./line_finder.ts";
import { killGroup, onEndSignals, ownGroup } from "./process_group.ts";

/** A process that the program left behind may hold the pipe open: its output is not waited for. */
const graceMs = 2_000;

/** What became of a program. */
export interface ProcessResult {
  readonly code: number;
  /** Why it was ended together with all that it had started; undefined when it ended by itself. */
  readonly cutBecause: string | undefined;
}

/** Where and how long a program may run. */
export interface RunOptions {
  readonly cwd: URL;
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Read along. */
  readonly finders: readonly LineFinder[];
  /** Takes its output; without it that is shown at once. */
  readonly show?: (chunk: Uint8Array) => void;
  /** It is ended after this many milliseconds. */
  readonly timeoutMs: number;
  /** It is ended when it has said nothing for this many milliseconds: it hangs. */
  readonly silenceMs: number;
}

/**
 * Runs `command`, passes its output on while it comes, and lets the finders read it. It has a process group of its own:
 * when it is cut, or somebody ends this process, all of the group is ended.
 */
export async function runTee(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<ProcessResult> {
  // Into a pipe programs print without colours; whoever looks at a terminal keeps them.
  const colour: Record<string, string> = Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : {};
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: options.cwd,
    env: { ...colour, ...options.env },
    stdin: "null",
    stdout: "piped",
    ...ownGroup,
  }).spawn();
  using watch = new Watch(child, options);
  const reading = passOn(child.stdout, options, () => watch.heard());
  const { code } = await child.status;
  await settledWithin(reading, graceMs);
  await watch.ending;
  return { code, cutBecause: watch.cutBecause };
}

/** Cuts a program that takes too long, says nothing for too long, or that somebody no longer wants. */
class Watch implements Disposable {
  readonly #child: Deno.ChildProcess;
  readonly #silenceMs: number;
  readonly #limit: ReturnType<typeof setTimeout>;
  readonly #signals: Disposable;
  #silence: ReturnType<typeof setTimeout> | undefined;
  cutBecause: string | undefined;
  /** Resolves when all that was cut has been ended. */
  ending: Promise<void> | undefined;

  constructor(child: Deno.ChildProcess, { timeoutMs, silenceMs }: RunOptions) {
    this.#child = child;
    this.#silenceMs = silenceMs;
    this.#limit = setTimeout(() => this.#cut(`it took longer than ${timeoutMs / 1_000} s`), timeoutMs);
    this.#signals = onEndSignals(() => this.#cut("it was interrupted"));
    this.heard();
  }

  /** Starts the wait for the next output. */
  heard(): void {
    clearTimeout(this.#silence);
    const late = () => this.#cut(`it said nothing for ${this.#silenceMs / 1_000} s`);
    this.#silence = setTimeout(late, this.#silenceMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#limit);
    clearTimeout(this.#silence);
    this.#signals[Symbol.dispose]();
  }

  #cut(because: string): void {
    this.cutBecause ??= because;
    this.ending ??= killGroup(this.#child);
  }
}

async function passOn(
  output: ReadableStream<Uint8Array>,
  { finders, show }: RunOptions,
  heard: () => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    heard();
    if (show === undefined) await writeAll(chunk);
    else show(chunk);
    const text = decoder.decode(chunk, { stream: true });
    for (const finder of finders) finder.add(text);
  }
}

/** Waits for `work`, at most `ms` milliseconds. */
async function settledWithin(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  await Promise.race([work, deadline]);
  clearTimeout(timer);
}

/** Writes all of `chunk` to standard output. */
export async function writeAll(chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    written += await Deno.stdout.write(chunk.subarray(written));
  }
}

/** Runs a program whose output is both shown and read. */
import { LineFinder } from "./line_finder.ts";

/** A process that the program left behind may hold the pipe open: its output is not waited for. */
const graceMs = 2_000;

/** What became of a program. */
export interface ProcessResult {
  readonly code: number;
  readonly isTimedOut: boolean;
  /** The last line of its standard output, colours taken away, that the caller looked for; empty without one. */
  readonly lastMatch: string;
}

/** Where and how long a program may run. */
export interface RunOptions {
  readonly cwd: URL;
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** The line to look for. */
  readonly lookFor: RegExp;
  /** After this many milliseconds it is killed. */
  readonly timeoutMs: number;
}

/** Runs `command`, passes its output on while it comes, and returns the line that was looked for. */
export async function runTee(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<ProcessResult> {
  // Into a pipe programs print without colours; whoever looks at a terminal keeps them.
  const colour: Record<string, string> = Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : {};
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: options.cwd,
    env: { ...colour, ...options.env },
    stdin: "null",
    stdout: "piped",
    signal: timeout,
  }).spawn();
  const finder = new LineFinder(options.lookFor);
  const reading = passOn(child.stdout, finder);
  const { code } = await child.status;
  await settledWithin(reading, graceMs);
  return { code, isTimedOut: timeout.aborted, lastMatch: finder.lastMatch };
}

async function passOn(output: ReadableStream<Uint8Array>, finder: LineFinder): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    await writeAll(chunk);
    finder.add(decoder.decode(chunk, { stream: true }));
  }
}

/** Waits for `work`, at most `ms` milliseconds. */
async function settledWithin(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  await Promise.race([work, deadline]);
  clearTimeout(timer);
}

async function writeAll(chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    written += await Deno.stdout.write(chunk.subarray(written));
  }
}

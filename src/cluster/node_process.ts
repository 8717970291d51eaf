/** One node's process: its pipes, its signals, its end. */
import { LineRing, readLines } from "./lines.ts";
import type { NodeCommand } from "./node_command.ts";
import { within } from "./within.ts";

/** How a process ended, with its last words: the end of what it wrote to stderr, or else to stdout. */
export interface NodeExit {
  /** Exit code; 128 and the signal's number after a signal. */
  readonly code: number;
  readonly signal: string | null;
  readonly lastLines: readonly string[];
}

/** What a process may be sent. */
export type ProcessSignal = "SIGHUP" | "SIGTERM" | "SIGKILL";

/** A running process. */
export interface NodeProcess {
  readonly pid: number;
  /** Resolves once, after its end and, within 500 ms, the end of its output. Never rejects. */
  readonly exited: Promise<NodeExit>;
  /** Sends a signal; does nothing after the end. */
  signal(signal: ProcessSignal): void;
}

const MAX_LINE_CHARS = 8_192;
const MAX_LAST_LINES = 20;
const OUTPUT_WITHIN_MS = 500;

/** Starts a node; each line it writes goes to `onLine`. Throws when the program cannot be started. */
export function startProcess(command: NodeCommand, onLine: (line: string) => void): NodeProcess {
  const child = new Deno.Command(command.program, {
    args: [...command.args],
    env: mergedEnv(command.env),
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const rings = [child.stderr, child.stdout].map((stream) => {
    const ring = new LineRing(MAX_LAST_LINES, MAX_LINE_CHARS);
    const onRingLine = (line: string) => {
      ring.push(line);
      onLine(line);
    };
    return { ring, done: forward(stream, onRingLine) };
  });
  return {
    pid: child.pid,
    exited: exitOf(child, rings),
    signal: (signal) => sendSignal(child, signal),
  };
}

function mergedEnv(changes: NodeCommand["env"]): Record<string, string> {
  const env = Deno.env.toObject();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

async function forward(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  for await (const line of readLines(stream, { maxChars: MAX_LINE_CHARS, tooLong: "cut" })) onLine(line);
}

interface Forwarded {
  readonly ring: LineRing;
  readonly done: Promise<void>;
}

async function exitOf(child: Deno.ChildProcess, outputs: readonly Forwarded[]): Promise<NodeExit> {
  const { code, signal } = await child.status;
  // A child of the node may hold the pipes open for ever.
  await within(Promise.all(outputs.map(({ done }) => done)), OUTPUT_WITHIN_MS);
  // This is also what keeps the pipe open until here: nobody writes to it, its end is the message.
  await child.stdin.abort();
  const said = outputs.find(({ ring }) => ring.lines.length > 0);
  return { code, signal, lastLines: said?.ring.lines ?? [] };
}

function sendSignal(child: Deno.ChildProcess, signal: ProcessSignal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It ended a moment ago, which `exited` tells.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

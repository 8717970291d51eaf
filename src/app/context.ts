/** What a command gets of the world: tests hand in their own. */

/** The world as commands see it. */
export interface CliContext {
  readonly env: Readonly<Record<string, string>>;
  /** Writes to stdout; `text` brings its own line ends. */
  readonly out: (text: string) => void;
  /** Writes to stderr; `text` brings its own line ends. */
  readonly err: (text: string) => void;
}

/** Exit codes of the commands; those that run long have further ones of their own. */
export const exitCodes = { ok: 0, misuse: 2 } as const;

/** The world of a process. */
export function systemContext(): CliContext {
  return {
    env: Deno.env.toObject(),
    out: (text) => writeAll(Deno.stdout, text),
    err: (text) => writeAll(Deno.stderr, text),
  };
}

function writeAll(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let sent = 0; sent < bytes.length;) sent += stream.writeSync(bytes.subarray(sent));
  } catch (error) {
    // Whoever read has had enough, as `| head` does.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

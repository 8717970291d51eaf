/** Charts as PNG, drawn by a process of their own (see `png_process.ts`). */
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";

/** Drawing takes about 50 ms a chart; a renderer that hangs is ended after this. */
const DEADLINE_MS = 60_000;

/** Charts that could not be drawn; the message says why. The same charts as SVG are in the HTML report. */
export class PngError extends Error {
  override readonly name = "PngError";
  /** Paths of what was written all the same. */
  readonly files: readonly string[];

  constructor(message: string, options: ErrorOptions & { readonly files?: readonly string[] } = {}) {
    super(message, options);
    this.files = options.files ?? [];
  }
}

/**
 * One PNG for each of `svgs`, in their order. Needs run of Deno itself. Rejects with {@linkcode PngError}. Calls may
 * overlap; each has a process of its own.
 */
export async function renderPngs(svgs: readonly string[]): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  if (svgs.length === 0) return [];
  const { code, stdout, stderr } = await runRenderer(JSON.stringify(svgs));
  if (code !== 0) throw new PngError(`Cannot draw PNG charts: ${lastLine(stderr)}`);
  const texts: unknown = JSON.parse(stdout);
  if (!Array.isArray(texts) || texts.length !== svgs.length) {
    throw new PngError("Cannot draw PNG charts: the renderer left some out");
  }
  return texts.map((text) => new Uint8Array(Buffer.from(String(text), "base64")));
}

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runRenderer(input: string): Promise<Ending> {
  const program = fileURLToPath(new URL("./png_process.ts", import.meta.url));
  const permissions = ["--allow-ffi", "--allow-sys", "--allow-env", "--allow-read"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--quiet", ...permissions, program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  try {
    // A renderer that could not start closes its end: what it says on stderr is the reason, not the broken pipe.
    const written = new Response(input).body?.pipeTo(child.stdin).catch(() => undefined);
    const [status, stdout, stderr] = await Promise.all([
      child.status,
      child.stdout.text(),
      child.stderr.text(),
    ]);
    await written;
    return { code: status.code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

function lastLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "the renderer died";
}

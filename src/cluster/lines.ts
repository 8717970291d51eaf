/** Lines out of byte streams, with bounds. */

/** How {@linkcode readLines} treats a line longer than `maxChars`: keeps its start, or throws `RangeError`. */
export interface LineOptions {
  readonly maxChars: number;
  readonly tooLong: "cut" | "fail";
}

/** The lines of `stream`, without their ends; a last one without an end is a line too. */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  { maxChars, tooLong }: LineOptions,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = decoder.decode(chunk, { stream: true }).split("\n");
    parts[0] = rest + (parts[0] ?? "");
    rest = bounded(parts.pop() ?? "", maxChars, tooLong);
    for (const part of parts) yield finished(bounded(part, maxChars, tooLong), maxChars);
  }
  if (rest !== "") yield finished(rest, maxChars);
}

/** Keeps one character more than allowed, which is how {@linkcode finished} knows that something was cut. */
function bounded(line: string, maxChars: number, tooLong: LineOptions["tooLong"]): string {
  if (line.length <= maxChars) return line;
  if (tooLong === "fail") throw new RangeError(`Cannot read line: longer than ${maxChars} characters`);
  return line.slice(0, maxChars + 1);
}

function finished(line: string, maxChars: number): string {
  if (line.length > maxChars) return `${line.slice(0, maxChars)}…`;
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

// deno-lint-ignore no-control-regex -- control characters are what it is for
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?/g;
// deno-lint-ignore no-control-regex -- control characters are what it is for
const COLOUR = /^\x1b\[[\d;]*m$/;
// deno-lint-ignore no-control-regex -- control characters are what it is for
const CONTROLS = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g;

/** `line` without anything that could move a terminal's cursor: a log may quote what a client sent. Colours stay. */
export function withoutControls(line: string): string {
  return line.replace(ESCAPES, (sequence) => COLOUR.test(sequence) ? sequence : "").replace(CONTROLS, "");
}

/** The last lines of something, at most `maxLines` and `maxChars` of them; older ones make room. */
export class LineRing {
  readonly #maxLines: number;
  readonly #maxChars: number;
  #lines: string[] = [];
  #chars = 0;

  constructor(maxLines: number, maxChars: number) {
    this.#maxLines = maxLines;
    this.#maxChars = maxChars;
  }

  /** Adds a line. */
  push(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length;
    while (this.#lines.length > this.#maxLines || this.#chars > this.#maxChars) {
      this.#chars -= this.#lines.shift()?.length ?? 0;
    }
  }

  /** The lines kept, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }
}

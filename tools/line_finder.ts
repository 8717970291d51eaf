/** A longer line is not one that anybody looks for: its beginning is let go. */
const maxLineChars = 16 * 1024;

/** Finds the last line that matches, in a text that comes in pieces. Colours are taken away. */
export class LineFinder {
  readonly #pattern: RegExp;
  #open = "";
  #lastMatch = "";
  #lastLine = "";

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  /** Takes the next piece. */
  add(piece: string): void {
    const lines = (this.#open + piece).split("\n");
    this.#open = (lines.pop() ?? "").slice(-maxLineChars);
    for (const line of lines) this.#look(line);
  }

  /** The last line that matched, of those that are complete; empty without one. */
  get lastMatch(): string {
    return this.#lastMatch;
  }

  /** What was said last, be the line complete or not; empty lines do not count. */
  get lastLine(): string {
    return withoutColours(this.#open).trim() || this.#lastLine;
  }

  #look(line: string): void {
    const plain = withoutColours(line);
    if (this.#pattern.test(plain)) this.#lastMatch = plain;
    if (plain.trim() !== "") this.#lastLine = plain.trim();
  }
}

function withoutColours(line: string): string {
  // deno-lint-ignore no-control-regex -- colours begin with an escape character
  return line.replace(/\x1b\[[0-9;]*m/g, "");
}

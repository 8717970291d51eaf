/** A longer line is not one that anybody looks for: its beginning is let go. */
const maxLineChars = 16 * 1024;

/** Finds the last line that matches, in a text that comes in pieces. Colours are taken away. */
export class LineFinder {
  readonly #pattern: RegExp;
  #open = "";
  #lastMatch = "";

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

  #look(line: string): void {
    // deno-lint-ignore no-control-regex -- colours begin with an escape character
    const plain = line.replace(/\x1b\[[0-9;]*m/g, "");
    if (this.#pattern.test(plain)) this.#lastMatch = plain;
  }
}

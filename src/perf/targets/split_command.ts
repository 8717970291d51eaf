/** Splits a command line into words without a shell. */
import { UsageError } from "../usage_error.ts";

/** Words of `text`; quotes keep spaces together. Throws {@linkcode UsageError} for an empty line or an open quote. */
export function splitCommand(text: string): readonly string[] {
  const words = [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word);
  const rest = text.replaceAll(/"[^"]*"|'[^']*'/g, "");
  if (words.length === 0) {
    throw new UsageError("Cannot start an empty command: write --start 'node server.js'");
  }
  if (/["']/.test(rest)) throw new UsageError(`Cannot read command "${text}": a quote is not closed`);
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

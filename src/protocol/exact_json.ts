/** Reads JSON without harm to long integers, which a number cannot hold: they are written again as they were read. */

/** What the runtime knows beyond the language's declared library (ECMAScript's JSON source text access). */
interface RawJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(source: string): unknown;
}

const json = JSON as unknown as RawJson;
const LONG_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** Like `JSON.parse`, but an integer with more digits than a number holds becomes a value that only `JSON.stringify`
 * understands. Throws `SyntaxError`. */
export function parseExact(text: string): unknown {
  // The slow way only where it may matter.
  if (!LONG_DIGITS.test(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) => {
    const isHarmed = typeof value === "number" && source !== undefined && INTEGER.test(source) &&
      String(value) !== source;
    return isHarmed ? json.rawJSON(source) : value;
  });
}

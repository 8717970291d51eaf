/**
 * Finds a value's source text in JSON, so that application data travels as it was written: a number keeps its digits, an
 * object the order and the repetition of its keys. Costs about what parsing costs (`deno task bench`).
 */

import { endOfString, endOfValue, OPEN_BRACE, QUOTE, skipSpace } from "./json_scan.ts";

const COMMA = 44;

/**
 * The source text of `json[outer][inner]`, or undefined when there is none. Of repeated keys the last one counts, as
 * in `JSON.parse`. `json` must be text that `JSON.parse` has accepted; with other text the result is meaningless.
 */
export function rawField(json: string, outer: string, inner: string): string | undefined {
  const object = memberOf(json, 0, outer);
  if (object === undefined || json.charCodeAt(object.start) !== OPEN_BRACE) return undefined;
  const value = memberOf(json, object.start, inner);
  return value === undefined ? undefined : json.slice(value.start, value.end);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The value of `key` in the object that begins at or after `from`. */
function memberOf(json: string, from: number, key: string): Span | undefined {
  let found: Span | undefined;
  let at = skipSpace(json, skipSpace(json, from) + 1);
  while (json.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(json, at);
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = endOfValue(json, start);
    if (isKey(json, at, keyEnd, key)) found = { start, end };
    at = skipSpace(json, end);
    if (json.charCodeAt(at) === COMMA) at = skipSpace(json, at + 1);
  }
  return found;
}

function isKey(json: string, start: number, end: number, key: string): boolean {
  if (end - start === key.length + 2 && json.startsWith(key, start + 1)) return true;
  const text = json.slice(start, end);
  return text.includes("\\") && JSON.parse(text) === key;
}

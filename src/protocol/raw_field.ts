/**
 * Finds a value's source text in JSON, so that application data travels as it was written: a number keeps its digits, an
 * object the order and the repetition of its keys. Costs about what parsing costs (`deno task bench`).
 */

const QUOTE = 34, COMMA = 44, COLON = 58, OPEN_BRACKET = 91, BACKSLASH = 92, CLOSE_BRACKET = 93;
const OPEN_BRACE = 123, CLOSE_BRACE = 125, SPACE = 32;

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

function skipSpace(json: string, at: number): number {
  while (json.charCodeAt(at) <= SPACE) at++;
  return at;
}

function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(json: string, at: number): boolean {
  let before = at - 1;
  while (json.charCodeAt(before) === BACKSLASH) before--;
  return (at - before) % 2 === 0;
}

function endOfValue(json: string, start: number): number {
  const first = json.charCodeAt(start);
  if (first === QUOTE) return endOfString(json, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfContainer(json, start);
  let at = start;
  while (at < json.length && !isDelimiter(json.charCodeAt(at))) at++;
  return at;
}

function isDelimiter(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code === COLON || code <= SPACE;
}

function endOfContainer(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  return json.length;
}

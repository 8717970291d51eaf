/** What a reply can hold. Maps arrive as flat lists of keys and values. */
export type RespValue = string | number | boolean | null | RedisReplyError | readonly RespValue[];

/** Redis refused a command; the message is its text, such as `NOPERM ...`. */
export class RedisReplyError extends Error {
  override readonly name = "RedisReplyError";
}

/** The bytes on the wire are no RESP3, or exceed a bound. The connection that brought them cannot be read on. */
export class RespError extends Error {
  override readonly name = "RespError";
}

/** Reads a value that is one line: its first character and the rest. Throws {@linkcode RespError} on garbage. */
export function simpleValue(type: string, text: string): RespValue {
  switch (type) {
    case "+":
    case "(":
      return text;
    case "-":
      return new RedisReplyError(text);
    case ":":
      return readNumber(text, /^[+-]?\d{1,19}$/);
    case ",":
      return readNumber(text, /^[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|inf|nan)$/);
    case "_":
      return null;
    case "#":
      return text === "t";
    default:
      throw new RespError(`Cannot read Redis reply: ${JSON.stringify(type)} starts no value`);
  }
}

function readNumber(text: string, shape: RegExp): number {
  if (!shape.test(text)) throw new RespError(`Cannot read Redis reply: "${text.slice(0, 20)}" is no number`);
  return Number(text.replace("inf", "Infinity"));
}

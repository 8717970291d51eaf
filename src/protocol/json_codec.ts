/** The JSON encoding of the client protocol: text in, commands out; replies and pushes in, lines out. */
import type { ClientError } from "../core/errors.ts";
import { CloseError } from "../core/errors.ts";
import { Line } from "../core/frame.ts";
import { checkCommand, type Incoming, PONG, requestKind } from "./command_check.ts";
import type { RequestKind } from "./commands.ts";
import { rawField } from "./raw_field.ts";

/** The ping of the server and the pong of the client. */
export const EMPTY_OBJECT = "{}";

/** The lines of a frame; a newline at its end is allowed. */
export function splitFrame(frame: string): readonly string[] {
  if (!frame.includes("\n")) return [frame];
  const lines = frame.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * Reads one line. Throws a {@linkcode CloseError} with 3501 for malformed JSON, anything but an object, fields of a
 * wrong type, none or several known requests, and an id that is no positive uint32 (`send` may go without).
 */
export function decodeLine(line: string): Incoming {
  if (line === EMPTY_OBJECT) return PONG;
  const value = parseObject(line);
  const kind = requestKind(value);
  if (kind === undefined) return PONG;
  const rawData = kind === "publish" ? rawField(line, kind, "data") : undefined;
  return checkCommand(value.id ?? 0, kind, value[kind], rawData);
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new CloseError("badRequest", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new CloseError("badRequest");
  return value as Record<string, unknown>;
}

/** The reply to command `id` with the result (a JSON object) under the request's own name. */
export function replyLine(id: number, kind: RequestKind, resultJson: string): Line {
  return new Line(`{"id":${id},"${kind}":${resultJson}}`);
}

/** The reply to command `id` that says why it failed. */
export function errorLine(id: number, error: ClientError): Line {
  const temporary = error.isTemporary ? ',"temporary":true' : "";
  return new Line(
    `{"id":${id},"error":{"code":${error.code},"message":${JSON.stringify(error.message)}${temporary}}}`,
  );
}

/** What every push of `channel` begins with: `{"push":{"channel":"...",`. Made once per channel. */
export function pushPrefix(channel: string): string {
  return `{"push":{"channel":${JSON.stringify(channel)},`;
}

/** A publication; `fields` are the JSON fields beside `data`, without braces, possibly none. */
export function publicationLine(prefix: string, data: string, fields: string): Line {
  return new Line(`${prefix}"pub":${publicationJson(data, fields)}}}`);
}

/** A publication whose data is a string that holds `text`: the payload, or a difference. */
export function textPublicationLine(prefix: string, text: string, fields: string): Line {
  return new Line(`${prefix}"pub":${publicationJson(JSON.stringify(text), fields)}}}`, true);
}

/** A publication as it stands in a push and in lists: `data` is raw JSON, `fields` what goes beside it. */
export function publicationJson(data: string, fields: string): string {
  return fields === "" ? `{"data":${data}}` : `{"data":${data},${fields}}`;
}

/** Tells that somebody joined or left; `info` is JSON. */
export function presencePush(prefix: string, kind: "join" | "leave", info: string): Line {
  return new Line(`${prefix}"${kind}":{"info":${info}}}}`);
}

/** Tells a client that the server ended one of its subscriptions. */
export function unsubscribePush(prefix: string, code: number, reason: string): Line {
  return new Line(`${prefix}"unsubscribe":{"code":${code},"reason":${JSON.stringify(reason)}}}}`);
}

/** Tells a client that the server subscribed it; `resultJson` is what a subscribe would have been answered. */
export function subscribePush(prefix: string, resultJson: string): Line {
  return new Line(`${prefix}"subscribe":${resultJson}}}`);
}

/** Tells a client when its connection expires, in milliseconds from now; undefined: never. */
export function refreshPush(leftMs: number | undefined): Line {
  const fields = leftMs === undefined ? "" : `"expires":true,"ttl":${Math.max(1, Math.ceil(leftMs / 1000))}`;
  return new Line(`{"push":{"refresh":{${fields}}}}`);
}

/** Tells a client that its connection ends, where the transport has no word for it. */
export function disconnectPush(code: number, reason: string): Line {
  return new Line(`{"push":{"disconnect":{"code":${code},"reason":${JSON.stringify(reason)}}}}`);
}

/** A message outside any channel; `data` is raw JSON. */
export function messagePush(data: string): Line {
  return new Line(`{"push":{"message":{"data":${data}}}}`);
}

/** Commands from Protobuf: into the shapes that commands have in JSON, so that the same checks judge both. */
import { ClientError, CloseError } from "../../core/errors.ts";
import { checkCommand, type Incoming, PONG, requestKind } from "../command_check.ts";
import type { RequestKind } from "../commands.ts";
import type { EmulationPost } from "../emulation_post.ts";
import { malformed, ProtobufReader, textOf } from "./reader.ts";
import { COMMAND, EMULATION_REQUEST, type Field, type Message } from "./schema.ts";
import { WIRE } from "./writer.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Fields = Record<string, unknown>;

/** The messages of a frame, each of which has its length before it. Throws 3501 at the first that is cut. */
export function* splitMessages(frame: Bytes): Generator<Bytes> {
  const reader = new ProtobufReader(frame);
  while (!reader.isAtEnd) yield reader.delimited();
}

/** Reads one command. Throws a {@linkcode CloseError} with 3501 for all that JSON's reader throws it for. */
export function decodeCommand(bytes: Bytes): Incoming {
  if (bytes.length === 0) return PONG;
  const fields = decodeMessage(bytes, COMMAND);
  const { id = 0 } = fields;
  const kind = requestKind(fields);
  // Unknown fields alone: not even an id.
  if (kind === undefined) throw malformed();
  // Protobuf leaves "" out, and the checks want a channel; other requests drop it.
  const request: Fields = { channel: "", ...Object(fields[kind]) };
  return kind === "publish" ? publishOf(id, request) : withData(id, kind, request);
}

/** Reads a post; undefined for anything else. */
export function decodeEmulationPost(bytes: Bytes): EmulationPost | undefined {
  try {
    const { session = "", node = "", data = new Uint8Array() } = decodeMessage(bytes, EMULATION_REQUEST);
    const isSound = typeof session === "string" && typeof node === "string" && data instanceof Uint8Array;
    return isSound ? { session, node, data: new Uint8Array(data) } : undefined;
  } catch (error) {
    if (error instanceof CloseError) return undefined;
    throw error;
  }
}

/** The payload travels as JSON: bytes that are none, as base64 in a string that is marked. */
function publishOf(id: unknown, { data, ...request }: Fields): Incoming {
  if (!(data instanceof Uint8Array)) return checkCommand(id, "publish", request, undefined);
  const json = jsonOf(data);
  if (json !== undefined) return checkCommand(id, "publish", request, json);
  return { ...checkCommand(id, "publish", request, JSON.stringify(data.toBase64())), isBinary: true };
}

/** Data for this node's own handlers, which take JSON. */
function withData(id: unknown, kind: RequestKind, request: Fields): Incoming {
  const { data } = request;
  if (!(data instanceof Uint8Array)) return checkCommand(id, kind, request, undefined);
  const json = jsonOf(data);
  if (json !== undefined) return checkCommand(id, kind, { ...request, data: JSON.parse(json) }, undefined);
  const { data: _, ...rest } = request;
  const error = new ClientError("badRequest", { detail: "data is not JSON; only publications may be bytes" });
  return { kind: "refused", command: checkCommand(id, kind, rest, undefined), error };
}

/** The text of `bytes` when it is JSON. */
function jsonOf(bytes: Uint8Array): string | undefined {
  try {
    const text = textOf(new Uint8Array(bytes));
    JSON.parse(text);
    return text;
  } catch (error) {
    if (error instanceof CloseError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Reads a message. Throws 3501 where it is malformed. */
export function decodeMessage(bytes: Bytes, message: Message): Fields {
  const reader = new ProtobufReader(bytes);
  const fields: Fields = {};
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const field = message.numbered(Math.floor(tag / 8));
    const wireType = tag % 8;
    if (field === undefined) reader.skip(wireType);
    else decodeField(reader, field, wireType, fields);
  }
  return fields;
}

function decodeField(reader: ProtobufReader, field: Field, wireType: number, fields: Fields): void {
  const { name, kind } = field;
  const isNumber = kind === "int" || kind === "bool";
  if (wireType !== (isNumber ? WIRE.varint : WIRE.delimited)) throw malformed();
  switch (kind) {
    case "int":
      fields[name] = reader.varint();
      return;
    case "bool":
      fields[name] = reader.varint() !== 0;
      return;
    case "string":
      fields[name] = reader.text();
      return;
    case "bytes":
    case "payload":
      fields[name] = reader.delimited();
      return;
    case "message":
      fields[name] = decodeMessage(reader.delimited(), messageOf(field));
      return;
    case "strings":
      listOf(fields, name).push(reader.text());
      return;
    case "messages":
      listOf(fields, name).push(decodeMessage(reader.delimited(), messageOf(field)));
      return;
    case "stringMap":
    case "messageMap":
      return decodeEntry(reader.delimited(), field, fields);
    default:
      kind satisfies never;
  }
}

function decodeEntry(bytes: Bytes, field: Field, fields: Fields): void {
  const reader = new ProtobufReader(bytes);
  let key = "";
  let value: Bytes = new Uint8Array();
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    if (tag === 1 * 8 + WIRE.delimited) key = reader.text();
    else if (tag === 2 * 8 + WIRE.delimited) value = reader.delimited();
    else reader.skip(tag % 8);
  }
  // Keys are a client's: an object without a prototype has no name that means something.
  const map = Object(fields[field.name] ??= Object.create(null));
  map[key] = field.kind === "stringMap" ? textOf(value) : decodeMessage(value, messageOf(field));
}

function listOf(fields: Fields, name: string): unknown[] {
  const list = fields[name] ?? [];
  if (!Array.isArray(list)) throw malformed();
  fields[name] = list;
  return list;
}

function messageOf({ name, message }: Field): Message {
  if (message === undefined) throw new TypeError(`Cannot read field "${name}": its message is not declared`);
  return message;
}

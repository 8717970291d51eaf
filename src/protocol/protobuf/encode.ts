/**
 * Replies and pushes from JSON to Protobuf. All of them are made as JSON, which subscribers share; the first connection
 * that wants Protobuf has a line translated, straight from text to bytes, so that application data stays as it was
 * written, and others share that too.
 */
import { Line } from "../../core/frame.ts";
import { endOfString, endOfValue, OPEN_BRACE, QUOTE, skipSpace } from "../json_scan.ts";
import { type Field, type Message, REPLY } from "./schema.ts";
import { ProtobufWriter, WIRE } from "./writer.ts";

const COMMA = 44, BACKSLASH = "\\";
const writer = new ProtobufWriter();

/** The line in Protobuf, its length before it; made once for each line. */
export function protobufLine(line: Line): Line {
  return line.twin ??= line.parts === undefined
    ? Line.ofBytes(encodeReply(line.text, line.isDataText))
    : Line.join(line.parts.map(protobufLine));
}

/**
 * One reply, its length before it. `json`: one that a node wrote. `isDataText`: the data of its publication is a string
 * that holds the payload, or a difference, as text.
 */
export function encodeReply(json: string, isDataText = false): Uint8Array<ArrayBuffer> {
  const start = writer.begin();
  encodeObject(json, 0, REPLY, isDataText);
  writer.end(start);
  return writer.take();
}

/** A value whose meaning other members of its object decide. */
interface Deferred {
  readonly field: Field;
  readonly start: number;
  readonly end: number;
}

/** Writes the fields of the object at `from`; answers where it ends. */
function encodeObject(json: string, from: number, message: Message, isDataText: boolean): number {
  let at = skipSpace(json, skipSpace(json, from) + 1);
  let deferred: Deferred[] | undefined;
  let isText = isDataText;
  let isBase64 = false;
  while (json.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(json, at);
    const name = json.slice(at + 1, keyEnd - 1);
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const field = message.named(name);
    const end = field?.kind === "message"
      ? encodeNested(json, start, field, isText)
      : endOfValue(json, start);
    if (field === undefined) isBase64 ||= name === "b64";
    else if (field.kind === "payload" || field.kind === "messages") {
      (deferred ??= []).push({ field, start, end });
    } else if (field.kind !== "message") {
      encodeValue(json, start, end, field);
      // A subscription with differences says so itself; then its publications hold text.
      if (name === "delta" && message.named("publications")) isText = true;
    }
    at = skipComma(json, end);
  }
  for (const { field, start, end } of deferred ?? []) {
    if (field.kind === "payload") encodePayload(json.slice(start, end), field, isText, isBase64);
    else encodeList(json, start, field, isText);
  }
  return at + 1;
}

function skipComma(json: string, from: number): number {
  const at = skipSpace(json, from);
  return json.charCodeAt(at) === COMMA ? skipSpace(json, at + 1) : at;
}

function encodeNested(json: string, start: number, { id, message }: Field, isText: boolean): number {
  if (message === undefined || json.charCodeAt(start) !== OPEN_BRACE) return endOfValue(json, start);
  writer.tag(id, WIRE.delimited);
  const begun = writer.begin();
  const end = encodeObject(json, start, message, isText);
  writer.end(begun);
  return end;
}

function encodeValue(json: string, start: number, end: number, field: Field): void {
  const { id, kind } = field;
  switch (kind) {
    case "string":
      writer.tag(id, WIRE.delimited);
      return writer.text(stringAt(json, start, end));
    case "bytes":
      writer.tag(id, WIRE.delimited);
      return writer.text(json.slice(start, end));
    case "int":
      writer.tag(id, WIRE.varint);
      return writer.varint(Number(json.slice(start, end)));
    case "bool":
      if (json[start] !== "t") return;
      writer.tag(id, WIRE.varint);
      return writer.varint(1);
    case "stringMap":
    case "messageMap":
      return encodeMap(json, start, field);
    case "strings":
    case "payload":
    case "messages":
    case "message":
      return;
    default:
      kind satisfies never;
  }
}

/** Entries are messages of their own: 1 is the key, 2 the value. */
function encodeMap(json: string, start: number, { id, kind, message }: Field): void {
  const entry = {
    id: 2,
    name: "value",
    kind: kind === "stringMap" ? "string" as const : "message" as const,
    message,
  };
  let at = skipSpace(json, start + 1);
  while (json.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(json, at);
    const valueStart = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const valueEnd = endOfValue(json, valueStart);
    writer.tag(id, WIRE.delimited);
    const begun = writer.begin();
    writer.tag(1, WIRE.delimited);
    writer.text(stringAt(json, at, keyEnd));
    if (entry.kind === "message") encodeNested(json, valueStart, entry, false);
    else encodeValue(json, valueStart, valueEnd, entry);
    writer.end(begun);
    at = skipComma(json, valueEnd);
  }
}

function encodeList(json: string, start: number, field: Field, isText: boolean): void {
  let at = skipSpace(json, start + 1);
  while (json.charCodeAt(at) === OPEN_BRACE) at = skipComma(json, encodeNested(json, at, field, isText));
}

/** The payload of a publication: `raw` is JSON, in which text may hold the payload, and base64 may stand for it. */
function encodePayload(raw: string, { id }: Field, isText: boolean, isBase64: boolean): void {
  const payload = isText ? stringAt(raw, 0, raw.length) : raw;
  writer.tag(id, WIRE.delimited);
  if (isBase64) writer.bytes(Uint8Array.fromBase64(stringAt(payload, 0, payload.length)));
  else writer.text(payload);
}

function stringAt(json: string, start: number, end: number): string {
  const text = json.slice(start + 1, end - 1);
  return text.includes(BACKSLASH) ? JSON.parse(json.slice(start, end)) : text;
}

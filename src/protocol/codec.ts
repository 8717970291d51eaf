/** The two encodings of the client protocol, as a connection sees them. */
import { type Line } from "../core/frame.ts";
import { utf8Bytes } from "../core/utf8.ts";
import type { Incoming } from "./command_check.ts";
import { decodeLine, splitFrame } from "./json_codec.ts";
import { decodeCommand, splitMessages } from "./protobuf/decode.ts";
import { protobufLine } from "./protobuf/encode.ts";

/** One message of a frame: text in JSON, bytes in Protobuf. */
export type Piece = string | Uint8Array<ArrayBuffer>;

/** An encoding. Frames may be text or binary, whichever the encoding is. */
export interface Codec {
  /** The messages of a frame. May throw 3501 while they are visited. */
  split(frame: Piece): Iterable<Piece>;
  /** Reads a message. Throws a `CloseError` with 3501 when it is none. */
  decode(piece: Piece): Incoming;
  /** What goes out in place of a line of JSON; the same at each call for the same line. */
  encode(line: Line): Line;
}

const decoder = new TextDecoder();

function textOf(piece: Piece): string {
  return typeof piece === "string" ? piece : decoder.decode(piece);
}

function bytesOf(piece: Piece): Uint8Array<ArrayBuffer> {
  return typeof piece === "string" ? utf8Bytes(piece) : piece;
}

/** Lines of JSON. */
export const jsonCodec: Codec = {
  split: (frame) => splitFrame(textOf(frame)),
  decode: (piece) => decodeLine(textOf(piece)),
  encode: (line) => line,
};

/** Messages of Protobuf, each with its length before it. */
export const protobufCodec: Codec = {
  split: (frame) => splitMessages(bytesOf(frame)),
  decode: (piece) => decodeCommand(bytesOf(piece)),
  encode: protobufLine,
};

/** WebSocket subprotocols that are spoken. */
export const SUBPROTOCOLS: readonly string[] = ["centrifuge-protobuf"];

/** Media type of Protobuf in bodies of HTTP. */
export const PROTOBUF_MEDIA_TYPE = "application/octet-stream";

/** What is known of a client before its first message. */
interface Greeting {
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
}

/** The encoding that a client asks for by subprotocol, query or content type. */
export function codecOf(greeting: Greeting): Codec {
  return isProtobuf(greeting) ? protobufCodec : jsonCodec;
}

function isProtobuf(greeting: Greeting): boolean {
  const offered = greeting.header("sec-websocket-protocol") ?? "";
  if (SUBPROTOCOLS.some((name) => offered.split(/\s*,\s*/).includes(name))) return true;
  if (greeting.header("content-type") === PROTOBUF_MEDIA_TYPE) return true;
  const { query } = greeting;
  return query.get("cf_protocol") === "protobuf" || query.get("format") === "protobuf";
}

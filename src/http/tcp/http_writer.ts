/** Answers as bytes of HTTP/1.1. */
import { STATUS_CODES } from "node:http";
import { Slab } from "../../core/slab.ts";
import { utf8Length } from "../../core/utf8.ts";
import type { Answer } from "../answer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

// deno-lint-ignore no-control-regex -- these would end a header, and so are refused
const UNSAFE = /[\x00\r\n]/;
// Ours to say: how the message is delimited, whether the connection goes on, and what time it is.
const OURS: ReadonlySet<string> = new Set([
  "connection",
  "date",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);
const encoder = new TextEncoder();
const slab = new Slab(64 * 1024);

/** Last chunk of a chunked body. */
export const LAST_CHUNK: Bytes = encoder.encode("0\r\n\r\n");
/** Asks a peer that waits to send its body. */
export const CONTINUE: Bytes = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");

let dateSecond = 0;
let dateLine = "";

/** The header Date, made once a second. `nowMs`: wall clock. */
function dateHeader(nowMs: number): string {
  const second = Math.floor(nowMs / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateLine = `date: ${new Date(nowMs).toUTCString()}\r\n`;
  }
  return dateLine;
}

/** What an answer needs to know of its request. */
export interface AnswerContext {
  /** True for HEAD: the head is that of GET, the body is left out. */
  readonly isHeadOnly: boolean;
  readonly isKeptAlive: boolean;
  /** Wall clock. */
  readonly nowMs: number;
}

/** A whole answer in one piece. */
export function answerBytes(answer: Answer, context: AnswerContext): Bytes {
  let head = statusLine(answer.status);
  for (const name in answer.headers) {
    if (name !== "connection") head += headerLine(name, answer.headers[name] ?? "");
  }
  return whole(head, answer.body, context);
}

/** A response whose whole body is known, in one piece. */
export function wholeResponse(status: number, headers: Headers, body: string, context: AnswerContext): Bytes {
  return whole(statusLine(status) + endToEnd(headers, "content-length"), body, context);
}

function whole(head: string, body: string, { isHeadOnly, isKeptAlive, nowMs }: AnswerContext): Bytes {
  const size = utf8Length(body);
  const close = isKeptAlive ? "" : "connection: close\r\n";
  const text = `${head}content-length: ${size}\r\n${dateHeader(nowMs)}${close}\r\n`;
  if (isHeadOnly) return encode(text, utf8Length(text));
  return encode(text + body, utf8Length(text) + size);
}

/** The head of a streamed answer. `framing` is the header that delimits the body, or "" where none does. */
export function responseHead(
  status: number,
  headers: Headers,
  framing: string,
  { isKeptAlive, nowMs }: AnswerContext,
): Bytes {
  const close = isKeptAlive ? "" : "connection: close\r\n";
  const text = `${statusLine(status)}${endToEnd(headers)}${framing}${dateHeader(nowMs)}${close}\r\n`;
  return encode(text, utf8Length(text));
}

/** The headers that are not ours to write; `without` is one more. */
function endToEnd(headers: Headers, without = ""): string {
  let text = "";
  headers.forEach((value, name) => {
    if (!OURS.has(name) && name !== without) text += headerLine(name, value);
  });
  return text;
}

/** What was agreed on with a client, as headers say it. */
export interface SwitchingTerms {
  readonly subprotocol?: string | undefined;
  readonly extensions?: string | undefined;
}

/** The answer that makes a connection a WebSocket. */
export function switchingHead(accept: string, { subprotocol, extensions }: SwitchingTerms = {}): Bytes {
  const protocol = subprotocol === undefined ? "" : headerLine("sec-websocket-protocol", subprotocol);
  const extension = extensions === undefined ? "" : headerLine("sec-websocket-extensions", extensions);
  const text = `${statusLine(101)}upgrade: websocket\r\nconnection: Upgrade\r\n${
    headerLine("sec-websocket-accept", accept)
  }${protocol}${extension}\r\n`;
  return encode(text, utf8Length(text));
}

/** `bytes` as one chunk of a chunked body. */
export function chunk(bytes: Uint8Array): Bytes {
  const head = encoder.encode(`${bytes.length.toString(16)}\r\n`);
  const whole = new Uint8Array(head.length + bytes.length + 2);
  whole.set(head);
  whole.set(bytes, head.length);
  whole.set(CRLF, head.length + bytes.length);
  return whole;
}

const CRLF = Uint8Array.of(0x0d, 0x0a);

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
}

function headerLine(name: string, value: string): string {
  if (UNSAFE.test(value) || UNSAFE.test(name)) {
    throw new TypeError(`Cannot send header ${JSON.stringify(name)}: it holds a line end`);
  }
  return `${name}: ${value}\r\n`;
}

/** `size`: length of `text` in UTF-8 bytes. */
function encode(text: string, size: number): Bytes {
  const bytes = slab.take(size);
  encoder.encodeInto(text, bytes);
  return bytes;
}

/** From node:http to web standards and back, for what the router answers. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { utf8Length } from "../core/utf8.ts";
import type { HeaderView } from "./access.ts";
import type { Answer } from "./answer.ts";

/** Reads headers as they came: most requests have few, and node:http's own table of them is dear to build. */
export class NodeHeaders implements HeaderView {
  /** Name, value, name, value, ... */
  readonly #raw: readonly string[];

  constructor(rawHeaders: readonly string[]) {
    this.#raw = rawHeaders;
  }

  get(name: string): string | null {
    let found: string | null = null;
    this.forEach((value, each) => {
      if (each === name) found = found === null ? value : `${found}, ${value}`;
    });
    return found;
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (let at = 0; at + 1 < this.#raw.length; at += 2) {
      visit(this.#raw[at + 1] ?? "", (this.#raw[at] ?? "").toLowerCase());
    }
  }
}

/** Reads a whole body; undefined when it is longer than `maxBytes`. Rejects when the peer goes away. */
export async function readBody(
  message: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(message.headers["content-length"] ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of message) {
    total += chunk.length;
    if (total > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return joined(chunks, total);
}

function joined(chunks: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The request for a router. Undefined when Host and target make no URL. */
export function toRequest(
  message: IncomingMessage,
  target: string,
  body: Uint8Array<ArrayBuffer> | undefined,
  signal: AbortSignal,
): Request | undefined {
  const url = `http://${message.headers.host ?? "localhost"}${target}`;
  if (!URL.canParse(url)) return undefined;
  const method = message.method ?? "GET";
  return new Request(url, { method, headers: toHeaders(message), signal, ...(body && { body }) });
}

function toHeaders(message: IncomingMessage): Headers {
  const headers = new Headers();
  const raw = message.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) headers.append(raw[at] ?? "", raw[at + 1] ?? "");
  return headers;
}

/** Gives a plain answer; for HEAD node:http leaves the body out. A string goes out in one write with its head. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { ...answer.headers, "content-length": utf8Length(answer.body) });
  response.end(answer.body);
}

/** Streams a router's response, at the pace of the peer; stops reading it when the peer goes away. */
export async function sendResponse(response: ServerResponse, from: Response): Promise<void> {
  for (const [name, value] of from.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  const cookies = from.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  response.writeHead(from.status);
  // A body is sent in one piece where it comes in one, so that small answers cost one write.
  for await (const chunk of from.body ?? []) {
    if (response.destroyed) break;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    response.off("drain", done);
    response.off("close", done);
    resolve();
  };
  response.on("drain", done);
  response.on("close", done);
  return promise;
}

/** A plain answer as bytes, for a socket that node:http has let go of. */
export function rawAnswer(answer: Answer, reason: string): string {
  const headers = {
    ...answer.headers,
    connection: "close",
    "content-length": utf8Length(answer.body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${answer.status} ${reason}\r\n${lines.join("")}\r\n${answer.body}`;
}

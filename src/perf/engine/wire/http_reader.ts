/** Reads HTTP/1.1 responses out of a byte stream: with a length, in chunks, or empty. */
import { MAX_MESSAGE_BYTES } from "./byte_link.ts";
import { headEnd } from "./handshake.ts";

/** One look at the stream. */
export type HttpAnswer =
  | { readonly kind: "more" }
  /** A response is complete; the next one begins at `end`. */
  | { readonly kind: "response"; readonly status: number; readonly end: number; readonly mayReuse: boolean }
  | { readonly kind: "garbage"; readonly text: string };

const MORE = { kind: "more" } as const;
const decoder = new TextDecoder();

/** Reads the response that begins at `from`. `hasBody` is false for answers to HEAD. */
export function readResponse(bytes: Uint8Array, from: number, end: number, hasBody = true): HttpAnswer {
  const bodyAt = headEnd(bytes, end, from);
  if (bodyAt < 0) return end - from > 65_536 ? { kind: "garbage", text: "an endless head" } : MORE;
  const head = decoder.decode(bytes.subarray(from, bodyAt));
  const [, code] = /^HTTP\/1\.[01] (\d{3})/.exec(head) ?? [];
  if (code === undefined) return { kind: "garbage", text: head.slice(0, 60) };
  const status = Number(code);
  const isEmpty = !hasBody || status === 204 || status === 304 || status < 200;
  const bodyEnd = isEmpty ? bodyAt : endOfBody(head, bytes, bodyAt, end);
  if (typeof bodyEnd === "string") return { kind: "garbage", text: bodyEnd };
  if (bodyEnd < 0) return MORE;
  return { kind: "response", status, end: bodyEnd, mayReuse: !/^connection:\s*close/im.test(head) };
}

/** Where the body ends, -1 when it is not there yet, or what is wrong with it. */
function endOfBody(head: string, bytes: Uint8Array, bodyAt: number, end: number): number | string {
  const [, length] = /^content-length:\s*(\d+)/im.exec(head) ?? [];
  if (length !== undefined) {
    if (Number(length) > MAX_MESSAGE_BYTES) return `a body of ${length} bytes`;
    return bodyAt + Number(length) <= end ? bodyAt + Number(length) : -1;
  }
  if (/^transfer-encoding:.*chunked/im.test(head)) return endOfChunks(bytes, bodyAt, end);
  return "a body without a length";
}

function endOfChunks(bytes: Uint8Array, from: number, end: number): number | string {
  let at = from;
  while (at < end) {
    const lineEnd = bytes.indexOf(10, at);
    if (lineEnd < 0 || lineEnd >= end) return -1;
    const size = parseInt(decoder.decode(bytes.subarray(at, lineEnd)), 16);
    if (Number.isNaN(size)) return "a chunk without a size";
    const next = lineEnd + 1 + size + 2;
    if (next > end) return -1;
    if (size === 0) return next;
    at = next;
  }
  return -1;
}

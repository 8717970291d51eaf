import type { ByteStream } from "./byte_stream.ts";
import { textOf } from "../answer.ts";
import { type AnswerContext, chunk, LAST_CHUNK, responseHead, wholeResponse } from "./http_writer.ts";
import type { PeerGone } from "./peer_request.ts";

/** How one response is sent. */
export interface SendContext extends AnswerContext {
  /** False for HTTP/1.0, where a body of unknown length ends with the connection. */
  readonly knowsChunks: boolean;
  /** Told when the peer goes away. */
  readonly gone: PeerGone;
  /** Resolves when the peer has read what it was sent, or is gone. */
  drained(): Promise<void>;
}

/** What is queued for a peer before it must read: more than that, and nothing is made for it. */
export const HIGH_WATER_BYTES = 64 * 1024;

type Framing = "none" | "length" | "chunked" | "end";

/**
 * Streams a router's response at the pace of the peer. Answers whether the connection can go on. Stops reading the
 * body when the peer goes away; rejects when the body fails, and then the connection is of no more use.
 */
export async function sendResponse(
  stream: ByteStream,
  response: Response,
  context: SendContext,
): Promise<boolean> {
  const text = textOf(response);
  if (text !== undefined && mayHaveBody(response.status)) {
    stream.write(wholeResponse(response.status, response.headers, text, context));
    return context.isKeptAlive;
  }
  const framing = framingOf(response, context);
  const isKeptAlive = context.isKeptAlive && framing !== "end";
  const headContext = { ...context, isKeptAlive };
  const head = responseHead(response.status, response.headers, framingHeader(framing, response), headContext);
  if (framing === "none") {
    stream.write(head);
    await response.body?.cancel();
    return isKeptAlive;
  }
  return await sendBody(stream, head, response, framing, context) && isKeptAlive;
}

/** Answers whether the body was sent to its end. */
async function sendBody(
  stream: ByteStream,
  head: Uint8Array<ArrayBuffer>,
  response: Response,
  framing: Framing,
  { gone, drained }: SendContext,
): Promise<boolean> {
  let unsentHead: Uint8Array<ArrayBuffer> | undefined = head;
  let sentBytes = 0;
  for await (const piece of pieces(response, gone)) {
    if (piece.length === 0) continue;
    sentBytes += piece.length;
    const bytes = framing === "chunked" ? chunk(piece) : new Uint8Array(piece);
    stream.write(unsentHead === undefined ? bytes : joined(unsentHead, bytes));
    unsentHead = undefined;
    if (stream.pendingBytes > HIGH_WATER_BYTES) await drained();
  }
  if (gone.isGone) return false;
  if (unsentHead !== undefined) stream.write(unsentHead);
  if (framing === "chunked") stream.write(LAST_CHUNK);
  // A body that keeps another length than it promised would shift every answer after it.
  return framing !== "length" || sentBytes === Number(response.headers.get("content-length"));
}

/** The pieces of a body, as they come. When the peer goes away the body is cancelled, and that is its end. */
async function* pieces(response: Response, gone: PeerGone): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  let cancelled: Promise<void> | undefined;
  gone.whenTold(() => {
    cancelled = reader.cancel();
    // Whoever reads the pieces may wait for the peer just now; that it fails is heard below.
    cancelled.catch(() => {});
  });
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    gone.forget();
  }
  await cancelled; // what its source says to that
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

function framingOf(response: Response, { isHeadOnly, knowsChunks }: SendContext): Framing {
  const { status } = response;
  if (isHeadOnly || !mayHaveBody(status)) return "none";
  if (response.headers.has("content-length")) return "length";
  if (response.body === null) return "none";
  return knowsChunks ? "chunked" : "end";
}

function framingHeader(framing: Framing, response: Response): string {
  if (framing === "chunked") return "transfer-encoding: chunked\r\n";
  const isEmpty = framing === "none" && response.body === null && !response.headers.has("content-length");
  return isEmpty && mayHaveBody(response.status) ? "content-length: 0\r\n" : "";
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

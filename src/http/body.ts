import { type Answer, errorAnswer } from "./answer.ts";

/** Thrown into whoever reads a body that turns out too long. */
export class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
}

/** 413 for a body over `maxBytes`; the connection is closed, for the rest of the body is not read. */
export function bodyTooLarge(maxBytes: number): Answer {
  return errorAnswer(413, `Cannot take the body: it is longer than ${maxBytes} bytes (max_body_bytes)`, {
    connection: "close",
  });
}

/** The request with a body that fails past `maxBytes`, or the answer when it says itself that it is longer. */
export function boundBody(request: Request, maxBytes: number): Request | Answer {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) return bodyTooLarge(maxBytes);
  // With a length the runtime reads no more than it says.
  if (request.body === null || length !== null) return request;
  return new Request(request, { body: request.body.pipeThrough(byteLimit(maxBytes)) });
}

function byteLimit(maxBytes: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let total = 0;
  return new TransformStream({
    transform(chunk, controller) {
      total += chunk.length;
      if (total > maxBytes) throw new BodyTooLargeError(`Cannot read the body: over ${maxBytes} bytes`);
      controller.enqueue(chunk);
    },
  });
}

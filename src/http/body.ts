import { type Answer, errorAnswer } from "./answer.ts";

/** 413 for a body over `maxBytes`; the connection is closed, for the rest of the body is not read. */
export function bodyTooLarge(maxBytes: number): Answer {
  return errorAnswer(413, `Cannot take the body: it is longer than ${maxBytes} bytes (max_body_bytes)`, {
    connection: "close",
  });
}

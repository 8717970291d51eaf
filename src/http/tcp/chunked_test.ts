import assert from "node:assert/strict";
import { ChunkedDecoder } from "./chunked.ts";

const encoder = new TextEncoder();

/** Decodes `text`, `step` bytes at a time. Answers what the body was, or what was wrong, and what was left over. */
function decode(text: string, step = text.length, maxBytes = 100) {
  let body = "";
  const decoder = new ChunkedDecoder(maxBytes, (bytes) => body += new TextDecoder().decode(bytes));
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += step) {
    const piece = bytes.slice(at, at + step);
    const used = decoder.push(piece);
    if (typeof used === "string") return used;
    if (decoder.isDone) return { body, left: bytes.length - at - used };
  }
  return { body, left: -1 };
}

Deno.test("ChunkedDecoder reads a body in pieces of any size and leaves what follows", () => {
  const text = "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nGET /";
  for (let step = 1; step <= text.length; step++) {
    assert.deepEqual(decode(text, step), { body: "abc0123456789", left: 5 }, `step ${step}`);
  }
});

const malformed: readonly (readonly [string, string])[] = [
  ["no size", "\r\nabc"],
  ["a negative size", "-1\r\n"],
  ["a signed size", "+1\r\na\r\n"],
  ["a size with 0x", "0x1\r\na\r\n"],
  ["a space before the size", " 1\r\na\r\n"],
  ["a space after the size", "1 \r\na\r\n"],
  ["an extension", "1;a=b\r\na\r\n"],
  ["a bare LF after the size", "1\na\r\n"],
  ["a bare CR after the size", "1\ra\r\n"],
  ["any byte in place of the LF", "1\rXa\r\n0\r\n\r\n"],
  ["a size that overflows", "ffffffffffffffff1\r\n"],
  ["a size of many zeros", "00000000\r\n\r\n"],
  ["data longer than its size", "1\r\nab\r\n"],
  ["a bare LF after the data", "1\r\na\n0\r\n\r\n"],
  ["a trailer", "0\r\nA: b\r\n\r\n"],
  ["a bare LF at the end", "0\r\n\n"],
  ["NUL in the size", "1\0\r\na\r\n"],
];

for (const [what, text] of malformed) {
  Deno.test(`ChunkedDecoder refuses ${what}`, () => {
    for (const step of [1, text.length]) assert.equal(decode(text, step), "malformed");
  });
}

Deno.test("ChunkedDecoder bounds all chunks together, before their data comes", () => {
  assert.equal(decode("6\r\nabcdef\r\n5\r\n", undefined, 10), "too long");
  assert.equal(decode("fffffff\r\n", undefined, 10), "too long");
  assert.deepEqual(decode("a\r\n0123456789\r\n0\r\n\r\n", undefined, 10), { body: "0123456789", left: 0 });
});

import assert from "node:assert/strict";
import { headEnd, headStart } from "./head_bounds.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("headStart() passes over one empty line", () => {
  const bytes = bytesOf("x\r\n\r\nGET");
  assert.deepEqual([0, 1, 3, 5].map((from) => headStart(bytes, from)), [0, 3, 5, 5]);
});

Deno.test("headEnd() finds the end of heads short and long, in a part of a larger buffer too", () => {
  for (const size of [0, 1, 1_019, 1_020, 1_021, 1_024, 5_000]) {
    const head = `${"x".repeat(size)}\r\n\r\n`;
    const bytes = bytesOf(`\r\n\r\n-${head}rest`).subarray(5);
    assert.equal(headEnd(bytes, 0, 0), head.length, `${size}`);
    assert.equal(headEnd(bytes.subarray(0, head.length - 1), 0, 0), -1, `${size}`);
  }
});

Deno.test("headEnd() finds an end that came in two parts, wherever the first was searched to", () => {
  const bytes = bytesOf("ab\r\n\r\nGET");
  for (const searched of [0, 2, 3, 4, 5]) assert.equal(headEnd(bytes, 0, searched), 6, `${searched}`);
  assert.equal(headEnd(bytesOf("\r\n\r\nab\r\n\r\n"), 4, 0), 10);
});

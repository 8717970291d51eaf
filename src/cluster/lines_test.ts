import assert from "node:assert/strict";
import { type LineOptions, LineRing, readLines, withoutControls } from "./lines.ts";

async function linesOf(chunks: readonly string[], options: LineOptions): Promise<readonly string[]> {
  const encoder = new TextEncoder();
  const lines = readLines(ReadableStream.from(chunks.map((chunk) => encoder.encode(chunk))), options);
  return await Array.fromAsync(lines);
}

Deno.test("readLines() joins what chunks cut and keeps a last line without an end", async () => {
  const lines = await linesOf(["a", "b\nc\r\n", "\nd"], { maxChars: 10, tooLong: "cut" });
  assert.deepEqual(lines, ["ab", "c", "", "d"]);
});

Deno.test("readLines() cuts a line that is too long, however it arrives", async () => {
  const lines = await linesOf(["123", "456", "789\nx\n12345\n123456"], { maxChars: 5, tooLong: "cut" });
  assert.deepEqual(lines, ["12345…", "x", "12345", "12345…"]);
});

Deno.test("readLines() fails on a line that is too long when told to, before its end", async () => {
  await assert.rejects(linesOf(["1234", "56"], { maxChars: 5, tooLong: "fail" }), RangeError);
});

Deno.test("withoutControls() keeps colours and takes away what moves the cursor", () => {
  const hostile = "\x1b[31mred\x1b[0m \x1b[2Jgone\x1b]0;title\x07 a\tb\x07\r\x9b1Ac";
  assert.equal(withoutControls(hostile), "\x1b[31mred\x1b[0m gone a\tb1Ac");
});

Deno.test("LineRing.push() drops the oldest past either bound", () => {
  const ring = new LineRing(3, 10);
  for (const line of ["a", "b", "c", "d"]) ring.push(line);
  assert.deepEqual(ring.lines, ["b", "c", "d"]);
  ring.push("123456789");
  assert.deepEqual(ring.lines, ["d", "123456789"]);
});

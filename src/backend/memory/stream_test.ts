import assert from "node:assert/strict";
import { Stream } from "./stream.ts";

function offsetsOf(stream: Stream): number[] {
  return stream.read({ limit: -1 }).messages.map((each) => each.offset);
}

Deno.test("push() keeps the last size publications under their offsets, however often it trims", () => {
  const stream = new Stream("e");
  for (let i = 1; i <= 1_000; i++) {
    const size = 1 + i % 7;
    const before = stream.length;
    stream.push(`m${i}`, size);
    const { messages } = stream.read({ limit: -1 });
    const oldest = i - Math.min(size, before + 1) + 1;
    const wanted = Array.from(
      { length: i - oldest + 1 },
      (_, j) => ({ offset: oldest + j, message: `m${oldest + j}` }),
    );
    assert.deepEqual(messages, wanted);
  }
});

Deno.test("weight tells what is held, and nothing after clear()", () => {
  const stream = new Stream("e");
  for (const length of [10, 20, 30]) stream.push("x".repeat(length), 2);
  assert.equal(stream.weight, 50 + 2 * 32);
  stream.clear();
  assert.equal(stream.weight, 0);
  assert.equal(stream.top, 3);
  stream.push("x", 2);
  assert.deepEqual(offsetsOf(stream), [4]);
});

import assert from "node:assert/strict";
import { calmMemory, lookAtMemory } from "./memory_guard.ts";

const MB = 1_048_576;

Deno.test("lookAtMemory() says over at the third look in a row past the limit", () => {
  let watch = calmMemory;
  const verdicts = [101, 101, 100, 101, 101, 101].map((mb) => {
    watch = lookAtMemory(watch, mb * MB, 100);
    return watch.isOver;
  });
  assert.deepEqual(verdicts, [false, false, false, false, false, true]);
});

Deno.test("lookAtMemory() is never over without a limit or without a number", () => {
  assert.deepEqual(lookAtMemory({ overCount: 9, isOver: true }, 500 * MB, 0), calmMemory);
  assert.deepEqual(lookAtMemory({ overCount: 9, isOver: true }, undefined, 100), calmMemory);
});

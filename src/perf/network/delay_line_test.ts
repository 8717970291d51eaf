import assert from "node:assert/strict";
import { dueAt } from "./delay_line.ts";

Deno.test("dueAt() adds the latency, and the jitter up or down", () => {
  const delay = { latencyMs: 40, jitterMs: 10 };
  assert.deepEqual([0, 0.5, 1].map((random) => dueAt(100, 0, delay, random)), [130, 140, 150]);
});

Deno.test("dueAt() never lets a piece overtake the one before it", () => {
  assert.equal(dueAt(101, 150, { latencyMs: 40, jitterMs: 10 }, 0), 150);
});

Deno.test("dueAt() is never before now", () => {
  assert.equal(dueAt(100, 0, { latencyMs: 1, jitterMs: 10 }, 0), 100);
});

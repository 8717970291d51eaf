import assert from "node:assert/strict";
import { Buckets, latencyBounds } from "./buckets.ts";

Deno.test("Buckets.observe() counts a value at a bound below it and a larger one above", () => {
  const buckets = new Buckets([1, 2]);
  for (const value of [0.5, 1, 1.1, 2, 2.1, 100]) buckets.observe(value);
  const { counts, sum } = buckets.read();
  assert.deepEqual(counts, [2, 2, 2]);
  assert.ok(Math.abs(sum - 106.7) < 1e-9, String(sum));
});

Deno.test("Buckets.read() is not changed by what is observed later", () => {
  const buckets = new Buckets();
  const before = buckets.read();
  buckets.observe(1);
  assert.equal(before.counts.reduce((sum, count) => sum + count), 0);
});

Deno.test("latencyBounds ascend", () => {
  assert.deepEqual(latencyBounds.toSorted((a, b) => a - b), latencyBounds);
});

import assert from "node:assert/strict";
import { TokenBucket } from "./token_bucket.ts";

const rate = { perSec: 10, burst: 3 };

function taken(bucket: TokenBucket, nowMs: number): number {
  let count = 0;
  while (count < 1_000 && bucket.take(rate, nowMs)) count++;
  return count;
}

Deno.test("TokenBucket.take() grants the burst at once, then no more", () => {
  assert.equal(taken(new TokenBucket(rate, 0), 0), 3);
});

Deno.test("TokenBucket.take() grants at the rate after that, and saves up no more than the burst", () => {
  const bucket = new TokenBucket(rate, 0);
  taken(bucket, 0);
  assert.deepEqual([99, 100, 300, 10_000].map((nowMs) => taken(bucket, nowMs)), [0, 1, 2, 3]);
});

Deno.test("TokenBucket.take() takes nothing when the cost is more than there is", () => {
  const bucket = new TokenBucket(rate, 0);
  assert.equal(bucket.take(rate, 0, 4), false);
  assert.equal(bucket.take(rate, 0, 3), true);
});

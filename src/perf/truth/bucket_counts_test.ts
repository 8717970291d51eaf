import assert from "node:assert/strict";
import { addBuckets, BucketCounts } from "./bucket_counts.ts";

Deno.test("BucketCounts counts a value at its bound below it, and one above all last", () => {
  const buckets = new BucketCounts([1, 2]);
  for (const value of [0, 1, 1.5, 2, 2.5]) buckets.record(value);
  assert.deepEqual(buckets.toData(), { counts: [2, 2, 1], sum: 7 });
});

Deno.test("BucketCounts recordMs() counts seconds, and a negative span as zero", () => {
  const buckets = new BucketCounts([0.001, 1]);
  buckets.recordMs(-5);
  buckets.recordMs(500);
  assert.deepEqual(buckets.toData(), { counts: [1, 1, 0], sum: 0.5 });
});

Deno.test("addBuckets() adds bucket by bucket", () => {
  const sum = addBuckets([{ counts: [1, 2], sum: 3 }, { counts: [10, 20], sum: 30 }]);
  assert.deepEqual(sum, { counts: [11, 22], sum: 33 });
});

import assert from "node:assert/strict";
import {
  encodeHistogram,
  mergeHistograms,
  newHistogram,
  percentileUs,
  recordMs,
  summarize,
} from "./histogram.ts";
import { seededRandom } from "../engine/seed.ts";

function filled(count: number) {
  const histogram = newHistogram();
  for (let i = 0; i < count; i++) recordMs(histogram, i / 10);
  return histogram;
}

Deno.test("percentileUs() gives no p99 of 999 samples and one of 1,000", () => {
  assert.equal(percentileUs(filled(999), 99), undefined);
  assert.equal(typeof percentileUs(filled(1_000), 99), "number");
});

Deno.test("percentileUs() asks 10,000 samples for p99.9 and 100,000 for p99.99", () => {
  assert.equal(percentileUs(filled(9_999), 99.9), undefined);
  assert.equal(typeof percentileUs(filled(10_000), 99.9), "number");
  assert.equal(percentileUs(filled(99_999), 99.99), undefined);
  assert.equal(typeof percentileUs(filled(100_000), 99.99), "number");
});

Deno.test("mergeHistograms() of many parts equals one histogram of all values", () => {
  const random = seededRandom(7);
  const whole = newHistogram();
  const parts = Array.from({ length: 5 }, newHistogram);
  for (let i = 0; i < 20_000; i++) {
    const ms = 2_000 * random() ** 6;
    recordMs(whole, ms);
    const part = parts[i % parts.length];
    if (part !== undefined) recordMs(part, ms);
  }
  const merged = mergeHistograms(parts.map(encodeHistogram));
  assert.deepEqual(summarize(merged), summarize(mergeHistograms([encodeHistogram(whole)])));
  assert.equal(encodeHistogram(merged), encodeHistogram(whole));
});

Deno.test("recordMs() keeps values beyond the range as its largest, and negative ones as zero", () => {
  const histogram = newHistogram();
  recordMs(histogram, 3_600_000);
  recordMs(histogram, -5);
  assert.equal(histogram.totalCount, 2);
  assert.ok(histogram.maxValue >= 599_000_000);
});

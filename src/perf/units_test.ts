import assert from "node:assert/strict";
import { formatRate, formatShare, formatUs, parseCount, parseDurationMs, parsePerSec } from "./units.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("parseDurationMs() reads units and takes bare numbers as seconds", () => {
  assert.deepEqual(["20s", "500ms", "2m", "10", "1.5s"].map(parseDurationMs), [
    20_000,
    500,
    120_000,
    10_000,
    1_500,
  ]);
});

Deno.test("parseCount() reads k and M and refuses fractions and less than the minimum", () => {
  assert.deepEqual(["7", "10k", "1M", "2.5k"].map((text) => parseCount(text)), [7, 10_000, 1_000_000, 2_500]);
  for (const wrong of ["", "-1", "1.5", "0", "ten"]) assert.throws(() => parseCount(wrong), UsageError);
});

Deno.test("parsePerSec() reads rates per second and per minute", () => {
  assert.deepEqual(["1000", "1k/s", "90/m"].map(parsePerSec), [1_000, 1_000, 1.5]);
  assert.throws(() => parsePerSec("0"), UsageError);
});

Deno.test("formatShare() never rounds up to 100 %", () => {
  assert.deepEqual([formatShare(99_999, 100_000), formatShare(10, 10), formatShare(0, 0)], [
    "99.99%",
    "100.00%",
    "n/a",
  ]);
});

Deno.test("formatUs() and formatRate() choose their digits by size", () => {
  assert.deepEqual([850, 12_400, 1_250_000, undefined].map(formatUs), ["0.85ms", "12.4ms", "1.25s", "n/a"]);
  assert.deepEqual([500.04, 28_123.4].map(formatRate), ["500.0", "28,123"]);
});

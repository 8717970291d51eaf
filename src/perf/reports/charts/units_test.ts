import assert from "node:assert/strict";
import { amountAxis, bytesTick, countTick, latencyAxis, latencyTick } from "./units.ts";

Deno.test("latencyTick(), countTick() and bytesTick() carry their unit", () => {
  assert.deepEqual([250, 1_000, 2_500_000].map(latencyTick), ["250 µs", "1 ms", "2.5 s"]);
  assert.deepEqual([0, 950, 2_500, 25_000, 1_200_000].map(countTick), ["0", "950", "2,500", "25k", "1.2M"]);
  assert.deepEqual([64 * 1_048_576, 2 * 1_073_741_824].map(bytesTick), ["64 MB", "2 GB"]);
});

Deno.test("latencyAxis() has room around the values and stays above zero", () => {
  const { from, to } = latencyAxis("", [0, 300, 90_000]);
  assert.deepEqual([from, to], [200, 100_000]);
});

Deno.test("latencyAxis() and amountAxis() have a length without any value", () => {
  for (const axis of [latencyAxis("", []), latencyAxis("", [7]), amountAxis("", [], String)]) {
    assert.ok(axis.to > axis.from, JSON.stringify(axis));
  }
});

import assert from "node:assert/strict";
import { goodResult, histogramOf } from "../sample_run.ts";
import { sliceSeconds, timeSlices } from "./time_slices.ts";

function trafficOf(seconds: number) {
  const { traffic } = goodResult;
  assert.ok(traffic);
  const rows = Array.from({ length: seconds }, (_, second) => ({
    instance: "a",
    second,
    sent: 10,
    received: second % 2 === 0 ? 10 : 0,
    errors: 0,
    latency: histogramOf(second % 2 === 0 ? 10 : 0, second),
  }));
  return { ...traffic, sendMs: seconds * 1_000, seconds: rows };
}

Deno.test("timeSlices() shows a second without events as zero, not as a gap", () => {
  const traffic = trafficOf(4);
  const slices = timeSlices({ ...traffic, seconds: traffic.seconds.filter((row) => row.second !== 2) });
  assert.deepEqual(slices.map((slice) => [slice.middle, slice.sentPerSec, slice.receivedPerSec]), [
    [0.5, 10, 10],
    [1.5, 10, 0],
    [2.5, 0, 0],
    [3.5, 10, 0],
  ]);
});

Deno.test("timeSlices() leaves out a last second that was cut off", () => {
  assert.equal(timeSlices({ ...trafficOf(4), sendMs: 3_400 }).length, 3);
});

Deno.test("timeSlices() merges the histograms of a long run, and keeps its maximum", () => {
  const traffic = trafficOf(1_000);
  assert.equal(sliceSeconds(traffic), 3);
  const slices = timeSlices(traffic);
  assert.equal(slices.length, 334);
  assert.equal(slices[0]?.latency.count, 20);
  assert.equal(Math.round((slices.at(-2)?.latency.maxUs ?? 0) / 1_000), 998);
  assert.equal(slices.at(-1)?.sentPerSec, 10);
});

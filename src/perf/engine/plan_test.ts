import assert from "node:assert/strict";
import { dueCount, intendedMs } from "./plan.ts";

const plan = { startMs: 1_000, perSec: 200, count: 10 };

Deno.test("intendedMs() lies at even distances from the start", () => {
  assert.deepEqual([0, 1, 9].map((index) => intendedMs(plan, index)), [1_000, 1_005, 1_045]);
});

Deno.test("dueCount() counts a message at its intended time, and never more than planned", () => {
  assert.deepEqual([999, 1_000, 1_004.9, 1_005, 9_999].map((now) => dueCount(plan, now)), [0, 1, 1, 2, 10]);
});

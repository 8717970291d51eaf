import assert from "node:assert/strict";
import { dueCount, intendedMs, newPlan } from "./plan.ts";

const plan = newPlan({ startMs: 1_000, perSec: 200, count: 10 });

Deno.test("intendedMs() lies at even distances from the start", () => {
  assert.deepEqual([0, 1, 9].map((index) => intendedMs(plan, index)), [1_000, 1_005, 1_045]);
});

Deno.test("dueCount() counts a message at its intended time, and never more than planned", () => {
  assert.deepEqual([999, 1_000, 1_004.9, 1_005, 9_999].map((now) => dueCount(plan, now)), [0, 1, 1, 2, 10]);
});

Deno.test("intendedMs() and dueCount() agree on a plan whose rate climbs and falls", () => {
  const stages = [{ durationMs: 2_000, perSec: 1_000 }, { durationMs: 1_000, perSec: 1_000 }, {
    durationMs: 500,
    perSec: 10,
  }];
  const climbing = newPlan({ startMs: 500, perSec: 100, steadyMs: 1_000, stages, count: 3_000 });
  let beforeMs = 0;
  for (let index = 0; index < 2_400; index++) {
    const dueMs = intendedMs(climbing, index);
    assert.ok(dueMs > beforeMs, `message ${index} is due at ${dueMs}, the one before at ${beforeMs}`);
    assert.equal(dueCount(climbing, dueMs + 1e-6), index + 1);
    beforeMs = dueMs;
  }
  // 100 in the steady second, 1,100 in the climb, 1,000 at the top.
  assert.equal(dueCount(climbing, 500 + 1_000 + 2_000 + 1_000), 2_201);
});

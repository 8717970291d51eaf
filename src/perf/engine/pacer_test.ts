import assert from "node:assert/strict";
import { newPlan } from "./plan.ts";
import { Deficit, lateAfterMs, maxBurst } from "./pacer.ts";

Deno.test("Deficit take() releases what fell due since the last tick", () => {
  const deficit = new Deficit(newPlan({ startMs: 0, perSec: 1_000, count: 10 }), 100);
  assert.deepEqual([0, 2, 2, 4.5].map((now) => deficit.take(now)), [1, 2, 0, 2]);
  assert.equal(deficit.released, 5);
});

Deno.test("Deficit take() catches up in bursts of at most the cap, and loses nothing", () => {
  const deficit = new Deficit(newPlan({ startMs: 0, perSec: 1_000, count: 200 }), 64);
  const bursts = [150, 152, 154, 500, 502].map((now) => deficit.take(now));
  assert.deepEqual(bursts, [64, 64, 27, 45, 0]);
  assert.equal(deficit.isDone, true);
});

Deno.test("Deficit waitMs() is the time to the next intended send, 0 when it is due", () => {
  const deficit = new Deficit(newPlan({ startMs: 0, perSec: 10, count: 5 }), 64);
  deficit.take(0);
  assert.deepEqual([deficit.waitMs(40), deficit.waitMs(150)], [60, 0]);
});

Deno.test("maxBurst() leaves room to catch up at any rate", () => {
  assert.deepEqual([maxBurst(10), maxBurst(10_000), maxBurst(100_000)], [64, 200, 2_000]);
});

Deno.test("lateAfterMs() is two ticks for a timer and one millisecond for a spin", () => {
  assert.deepEqual([lateAfterMs("timer", 2.1), lateAfterMs("spin", 2.1)], [4.2, 1]);
});

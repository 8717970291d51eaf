import assert from "node:assert/strict";
import { CounterTable } from "./counter_table.ts";

Deno.test("increment() starts at 0 again exactly when the ttl is over", () => {
  let nowMs = 0;
  const counters = new CounterTable(() => nowMs);
  assert.equal(counters.increment("k", 100), 1);
  nowMs = 99;
  assert.equal(counters.increment("k", 100), 2);
  nowMs = 199;
  assert.equal(counters.increment("k", 100), 1);
});

Deno.test("create() sweeps ended counters, so that they do not pile up", () => {
  let nowMs = 0;
  const counters = new CounterTable(() => nowMs);
  for (let i = 0; i < 100_000; i++) {
    nowMs = i;
    counters.create(`k${i}`, 10);
  }
  assert.ok(counters.size <= 2_048, `${counters.size} counters are held`);
});

Deno.test("create() refuses a new counter with 111 when the table is full, and takes one when some have ended", () => {
  let nowMs = 0;
  const counters = new CounterTable(() => nowMs, 3);
  for (const key of ["a", "b", "c"]) counters.create(key, 5_000);
  assert.throws(() => counters.create("d", 5_000), { code: 111 });
  assert.equal(counters.increment("a", 10_000), 1);
  nowMs = 6_000;
  assert.equal(counters.increment("d", 5_000), 1);
  assert.equal(counters.touch("a", 1), true);
  assert.equal(counters.touch("b", 1), false);
});

import assert from "node:assert/strict";
import { CloseSweep } from "./close_sweep.ts";

function setUp() {
  const clock = { now: 1_000, wallMs: () => 0, monotonicMs: () => clock.now };
  const expired: string[] = [];
  const item = (name: string) => ({ expire: () => void expired.push(name) });
  return { clock, expired, item, sweep: new CloseSweep(5_000, clock) };
}

Deno.test("CloseSweep expires what was added once its timeout has passed", () => {
  const { clock, expired, item, sweep } = setUp();
  sweep.add(item("a"));
  clock.now = 3_000;
  sweep.add(item("b"));
  clock.now = 5_900;
  sweep.sweep();
  assert.deepEqual(expired, []);
  clock.now = 6_250;
  sweep.sweep();
  assert.deepEqual(expired, ["a"]);
  clock.now = 8_250;
  sweep.sweep();
  assert.deepEqual(expired, ["a", "b"]);
});

Deno.test("CloseSweep starts afresh after a long pause", () => {
  const { clock, expired, item, sweep } = setUp();
  sweep.add(item("a"));
  clock.now = 6_250;
  sweep.sweep();
  clock.now = 1e12;
  sweep.add(item("b"));
  clock.now += 5_250;
  sweep.sweep();
  assert.deepEqual(expired, ["a", "b"]);
});

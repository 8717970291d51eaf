import assert from "node:assert/strict";
import { Repeats } from "./log_repeats.ts";

Deno.test("Repeats.admit() says no after perInterval records, and yes again in the next interval", () => {
  const repeats = new Repeats({ perInterval: 2, intervalMs: 100 });
  assert.deepEqual([0, 1, 2, 3].map((ms) => repeats.admit("a", ms)), ["yes", "yes", "first no", "no"]);
  assert.equal(repeats.admit("b", 4), "yes");
  assert.deepEqual(repeats.takeEnded(99), []);
  assert.deepEqual(repeats.takeEnded(100), [{ key: "a", count: 2 }]);
  assert.equal(repeats.admit("a", 100), "yes");
  assert.equal(repeats.total, 2);
});

Deno.test("Repeats remembers a bounded number of kinds and tells what it forgets", () => {
  const repeats = new Repeats({ perInterval: 1, intervalMs: 1_000_000 });
  repeats.admit("first", 0);
  repeats.admit("first", 0);
  const told: string[] = [];
  for (let i = 0; i < 1_000; i++) {
    told.push(...repeats.takeEnded(1).map(({ key }) => key));
    repeats.admit(`kind ${i}`, 1);
  }
  assert.deepEqual(told, ["first"]);
});

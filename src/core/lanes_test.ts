import assert from "node:assert/strict";
import { Lanes } from "./lanes.ts";

Deno.test("Lanes lets shared items run side by side", () => {
  const lanes = new Lanes<string>();
  assert.deepEqual(["p1", "p2"].map((item) => lanes.enter("c", "shared", item)), [true, true]);
});

Deno.test("Lanes holds an exclusive item until all before it left, and all after it", () => {
  const lanes = new Lanes<string>();
  lanes.enter("c", "shared", "p1");
  lanes.enter("c", "shared", "p2");
  assert.equal(lanes.enter("c", "exclusive", "s"), false);
  assert.equal(lanes.enter("c", "shared", "p3"), false);
  assert.equal(lanes.enter("c", "shared", "p4"), false);
  assert.deepEqual(lanes.leave("c"), []);
  assert.deepEqual(lanes.leave("c"), ["s"]);
  assert.deepEqual(lanes.leave("c"), ["p3", "p4"]);
});

Deno.test("Lanes runs exclusive items one after the other", () => {
  const lanes = new Lanes<string>();
  assert.equal(lanes.enter("c", "exclusive", "a"), true);
  assert.equal(lanes.enter("c", "exclusive", "b"), false);
  assert.equal(lanes.enter("c", "exclusive", "c"), false);
  assert.deepEqual(lanes.leave("c"), ["b"]);
  assert.deepEqual(lanes.leave("c"), ["c"]);
  assert.deepEqual(lanes.leave("c"), []);
  assert.equal(lanes.enter("c", "exclusive", "again"), true);
});

Deno.test("Lanes keeps names apart", () => {
  const lanes = new Lanes<string>();
  lanes.enter("a", "exclusive", "x");
  assert.equal(lanes.enter("b", "exclusive", "y"), true);
});

Deno.test("Lanes.leave() throws when nothing runs", () => {
  assert.throws(() => new Lanes<string>().leave("c"), RangeError);
});

import assert from "node:assert/strict";
import { Deadlines } from "./deadlines.ts";

Deno.test("Deadlines hands an item out at its time, never before, at most a slot later", () => {
  const deadlines = new Deadlines<string>(100, 1_000);
  deadlines.add("a", 1_250);
  assert.deepEqual(deadlines.due(1_249), []);
  assert.deepEqual(deadlines.due(1_299), []);
  assert.deepEqual(deadlines.due(1_300), ["a"]);
  assert.deepEqual(deadlines.due(9_999), []);
});

Deno.test("Deadlines hands out what fell due during a stall, in order of time", () => {
  const deadlines = new Deadlines<string>(100, 0);
  deadlines.add("late", 900);
  deadlines.add("early", 300);
  assert.deepEqual(deadlines.due(60_000), ["early", "late"]);
});

Deno.test("Deadlines hands out an item whose time has passed at the next look", () => {
  const deadlines = new Deadlines<string>(100, 5_000);
  deadlines.due(5_000);
  deadlines.add("past", 10);
  assert.deepEqual(deadlines.due(5_100), ["past"]);
});

Deno.test("Deadlines never hands out a cancelled item, and its ticket holds it no longer", () => {
  const deadlines = new Deadlines<string>(100, 0);
  const ticket = deadlines.add("gone", 500);
  deadlines.add("there", 500);
  ticket.cancel();
  assert.equal(ticket.item, undefined);
  assert.deepEqual(deadlines.due(1_000), ["there"]);
});

Deno.test("Deadlines.addPlain() hands an item out at its time, beside those with tickets", () => {
  const deadlines = new Deadlines<string>(100, 0);
  deadlines.addPlain("plain", 450);
  deadlines.add("ticket", 450).cancel();
  deadlines.addPlain("later", 550);
  assert.deepEqual(deadlines.due(499), []);
  assert.deepEqual(deadlines.due(500), ["plain"]);
  assert.deepEqual(deadlines.due(9_999), ["later"]);
});

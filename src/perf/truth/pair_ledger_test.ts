import assert from "node:assert/strict";
import { PairLedger } from "./pair_ledger.ts";

Deno.test("PairLedger observe() tells in order, reordered and duplicate apart, pair by pair", () => {
  const ledger = new PairLedger(2);
  assert.deepEqual([0, 1, 3, 2, 2, 3].map((sequence) => ledger.observe(1, sequence)), [
    "in order",
    "in order",
    "in order",
    "reordered",
    "duplicate",
    "duplicate",
  ]);
  assert.equal(ledger.observe(0, 0), "in order");
});

Deno.test("PairLedger observe() agrees with a list of everything seen, for any order", () => {
  const ledger = new PairLedger(1);
  const seen = new Set<number>();
  let highest = -1;
  let state = 7;
  for (let step = 0; step < 5_000; step++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const sequence = (state >>> 8) % 1_000;
    const expected = seen.has(sequence) ? "duplicate" : sequence > highest ? "in order" : "reordered";
    assert.equal(ledger.observe(0, sequence), expected);
    seen.add(sequence);
    highest = Math.max(highest, sequence);
  }
});

import assert from "node:assert/strict";
import { addLedgers, Ledger } from "./ledger.ts";

function account(arrivals: readonly number[], expected: number) {
  const ledger = new Ledger();
  for (const sequence of arrivals) ledger.observe(sequence);
  return ledger.close(expected);
}

Deno.test("Ledger close() finds nothing wrong when all came in order", () => {
  assert.deepEqual(account([0, 1, 2], 3), {
    expected: 3,
    received: 3,
    lost: 0,
    duplicate: 0,
    reordered: 0,
    late: 0,
  });
});

Deno.test("Ledger close() counts what never came, at the end too", () => {
  assert.equal(account([0, 2, 3], 6).lost, 3);
});

Deno.test("Ledger observe() tells a late message from a second one", () => {
  const ledger = new Ledger();
  const arrivals = [0, 2, 1, 1, 2, 3].map((sequence) => ledger.observe(sequence));
  assert.deepEqual(arrivals, ["in order", "in order", "reordered", "duplicate", "duplicate", "in order"]);
  assert.deepEqual(ledger.close(4), {
    expected: 4,
    received: 4,
    lost: 0,
    duplicate: 2,
    reordered: 1,
    late: 0,
  });
});

Deno.test("Ledger close() stays exact about loss when more gaps open than it keeps", () => {
  const ledger = new Ledger();
  ledger.observe(200_000);
  assert.equal(ledger.close(200_001).lost, 200_000);
});

Deno.test("addLedgers() adds every field", () => {
  const one = { expected: 3, received: 2, lost: 1, duplicate: 4, reordered: 5, late: 0 };
  assert.deepEqual(addLedgers([one, one]), {
    expected: 6,
    received: 4,
    lost: 2,
    duplicate: 8,
    reordered: 10,
    late: 0,
  });
});

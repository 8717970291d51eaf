import assert from "node:assert/strict";
import { Outages } from "./outages.ts";

Deno.test("Outages.rows() tell first loss, last loss and last return of each instance that lost any", () => {
  const outages = new Outages();
  outages.lost(1, 100);
  outages.lost(1, 150);
  outages.back(1, 900);
  assert.deepEqual(outages.rows(["a", "b"]), [
    { instance: "b", firstLostMs: 100, lastLostMs: 150, lost: 2, reconnected: 1, lastBackMs: 900 },
  ]);
});

Deno.test("Outages.reconnectsOf() an instance that lost none is 0", () => {
  assert.equal(new Outages().reconnectsOf(0), 0);
});

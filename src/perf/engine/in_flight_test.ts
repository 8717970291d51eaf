import assert from "node:assert/strict";
import { InFlight } from "./in_flight.ts";

Deno.test("InFlight answered() tells first, second and never sent apart", () => {
  const inFlight = new InFlight(16);
  inFlight.sent(3, 100);
  assert.deepEqual([3, 3, 4].map((index) => inFlight.answered(index)), ["first", "duplicate", "unknown"]);
  assert.equal(inFlight.waiting, 0);
  assert.equal(inFlight.sentMs(3), 100);
});

Deno.test("InFlight sent() gives up the message that still holds the slot", () => {
  const inFlight = new InFlight(16);
  inFlight.sent(2, 100);
  assert.equal(inFlight.sent(18, 200), 2);
  assert.equal(inFlight.waiting, 1);
  assert.deepEqual([2, 18].map((index) => inFlight.answered(index)), ["late", "first"]);
});

Deno.test("InFlight expire() gives up only what left before, and knows its answers as late", () => {
  const inFlight = new InFlight(16);
  inFlight.sent(0, 100);
  inFlight.sent(1, 300);
  assert.deepEqual(inFlight.expire(200), [0]);
  assert.equal(inFlight.answered(0), "late");
  assert.deepEqual([...inFlight.unanswered()], [1]);
});

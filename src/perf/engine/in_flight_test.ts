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

Deno.test("InFlight expireInOrder() gives up the same as expire() when messages leave in order", () => {
  const inFlight = new InFlight(16);
  for (let index = 0; index < 6; index++) inFlight.sent(index, 100 * index);
  inFlight.answered(1);
  assert.deepEqual(inFlight.expireInOrder(250), [0, 2]);
  assert.deepEqual(inFlight.expireInOrder(350), [3]);
  assert.deepEqual(inFlight.expireInOrder(9_000), [4, 5]);
  assert.deepEqual([inFlight.expireInOrder(9_000), inFlight.waiting], [[], 0]);
  inFlight.sent(6, 9_100);
  assert.deepEqual([inFlight.expireInOrder(9_000), inFlight.expireInOrder(9_200)], [[], [6]]);
});

Deno.test("InFlight waitingOf() counts each sender's messages until they are answered or given up", () => {
  const inFlight = new InFlight(16, 2);
  for (const [index, sender] of [[0, 0], [1, 1], [2, 1], [3, 1]] as const) inFlight.sent(index, 100, sender);
  assert.deepEqual([inFlight.waitingOf(0), inFlight.waitingOf(1)], [1, 3]);
  inFlight.answered(1);
  inFlight.answered(1);
  inFlight.forget(2);
  inFlight.sent(16 + 3, 200, 0);
  assert.deepEqual([inFlight.waitingOf(0), inFlight.waitingOf(1), inFlight.waiting], [2, 0, 2]);
});

import assert from "node:assert/strict";
import { PublishLedger } from "./publish_ledger.ts";

function recorder() {
  const told: string[] = [];
  return {
    told,
    done: (name: string) => (error?: Error) => void told.push(error ? `${name} ${error.message}` : name),
  };
}

Deno.test("taken() tells as many as were counted, in order", () => {
  const ledger = new PublishLedger();
  const { told, done } = recorder();
  for (const name of ["a", "b", "c"]) ledger.sent(done(name), 0);
  ledger.taken(2);
  assert.deepEqual(told, ["a", "b"]);
  assert.equal(ledger.size, 1);
  ledger.taken(1);
  assert.deepEqual(told, ["a", "b", "c"]);
});

Deno.test("taken() tells a publish that never left in its turn, and does not count it", () => {
  const ledger = new PublishLedger();
  const { told, done } = recorder();
  ledger.sent(done("a"), 0);
  ledger.failed(done("b"), new Error("full"));
  ledger.sent(done("c"), 0);
  ledger.taken(0);
  assert.deepEqual(told, []);
  ledger.taken(1);
  assert.deepEqual(told, ["a", "b full"]);
  ledger.taken(1);
  assert.deepEqual(told, ["a", "b full", "c"]);
});

Deno.test("expire() tells those sent too long ago once, and their late answers count for nobody else", () => {
  const ledger = new PublishLedger();
  const { told, done } = recorder();
  ledger.sent(done("old"), 1);
  ledger.failed(done("never left"), new Error("full"));
  ledger.sent(done("new"), 5);
  ledger.expire(5, new Error("late"));
  assert.deepEqual(told, ["old late", "never left full"]);
  ledger.taken(1);
  assert.equal(told.length, 2);
  ledger.taken(1);
  assert.deepEqual(told, ["old late", "never left full", "new"]);
});

Deno.test("failAll() tells what is left, once, in order", () => {
  const ledger = new PublishLedger();
  const { told, done } = recorder();
  for (const name of ["a", "b", "c", "d"]) ledger.sent(done(name), name === "a" ? 0 : 9);
  ledger.expire(1, new Error("late"));
  ledger.taken(2);
  ledger.failAll(new Error("ended"));
  ledger.taken(5);
  assert.deepEqual(told, ["a late", "b", "c ended", "d ended"]);
});

Deno.test("taken() returns although each done publishes again and fails at once", () => {
  const ledger = new PublishLedger();
  let count = 0;
  const again = () => {
    count++;
    ledger.failed(again, new Error("full"));
  };
  ledger.failed(again, new Error("full"));
  ledger.taken(0);
  assert.equal(count, 1);
  ledger.taken(0);
  assert.equal(count, 2);
});

Deno.test("stored() and notStored() tell one publish each, in one order with taken()", () => {
  const ledger = new PublishLedger();
  const told: unknown[] = [];
  for (const name of ["a", "b", "c", "d", "e"]) {
    ledger.sent((error, position) => void told.push([name, error?.message, position?.offset]), 0);
  }
  ledger.failed(
    (error, position) => void told.push(["f", error?.message, position?.offset]),
    new Error("full"),
  );
  ledger.stored({ offset: 7, epoch: "x" });
  ledger.taken(2);
  ledger.notStored(new Error("no room"));
  ledger.stored({ offset: 8, epoch: "x" });
  assert.deepEqual(told, [
    ["a", undefined, 7],
    ["b", undefined, undefined],
    ["c", undefined, undefined],
    ["d", "no room", undefined],
    ["e", undefined, 8],
    ["f", "full", undefined],
  ]);
});

Deno.test("stored() that comes after its time is counted and told nobody", () => {
  const ledger = new PublishLedger();
  const told: string[] = [];
  ledger.sent((error, position) => void told.push(`old ${error?.message} ${position?.offset}`), 0);
  ledger.sent((error, position) => void told.push(`new ${error?.message} ${position?.offset}`), 9);
  ledger.expire(5, new Error("late"));
  ledger.stored({ offset: 1, epoch: "x" });
  ledger.stored({ offset: 2, epoch: "x" });
  assert.deepEqual(told, ["old late undefined", "new undefined 2"]);
});

Deno.test("expire() keeps nothing of publishes that never left, however long the hub is silent", () => {
  const ledger = new PublishLedger();
  const { told, done } = recorder();
  ledger.sent(done("a"), 0);
  for (let tick = 1; tick <= 10; tick++) {
    for (let n = 0; n < 100; n++) ledger.failed(done("f"), new Error("full"));
    ledger.expire(tick, new Error("late"));
  }
  ledger.sent(done("b"), 10);
  assert.equal(told.length, 1_001);
  assert.equal(ledger.size, 2);
  ledger.taken(2);
  assert.deepEqual(told.slice(1_001), ["b"]);
  assert.equal(ledger.size, 0);
});

import assert from "node:assert/strict";
import { type Batch, Subscriptions } from "./subscriptions.ts";
import { seededRandom } from "../../core/seeded_random.ts";

function confirmAll(subscriptions: Subscriptions, batch: Batch | undefined): void {
  const verb = batch?.verb === "SUBSCRIBE" ? "subscribe" : "unsubscribe";
  for (const name of batch?.names ?? []) subscriptions.confirm(verb, name);
}

Deno.test("Subscriptions.nextBatch() asks for wanted names in order, a bounded number at a time", () => {
  const subscriptions = new Subscriptions();
  for (const name of ["a", "b", "c"]) assert.equal(subscriptions.want(name, name), false);
  assert.deepEqual(subscriptions.nextBatch(2), { verb: "SUBSCRIBE", names: ["a", "b"] });
  assert.deepEqual(subscriptions.nextBatch(2), { verb: "SUBSCRIBE", names: ["c"] });
  assert.equal(subscriptions.nextBatch(2), undefined);
});

Deno.test("Subscriptions.confirm() answers the subscription once it is wanted and confirmed", () => {
  const subscriptions = new Subscriptions();
  subscriptions.want("n", "room");
  assert.deepEqual(subscriptions.counts, { desired: 1, confirmed: 0 });
  subscriptions.nextBatch(9);
  assert.equal(subscriptions.confirm("subscribe", "n")?.channel, "room");
  assert.deepEqual(subscriptions.counts, { desired: 1, confirmed: 1 });
  assert.equal(subscriptions.want("n", "room"), true);
  assert.equal(subscriptions.confirm("subscribe", "unknown"), undefined);
});

Deno.test("Subscriptions.unwant() before anything was asked leaves nothing to do", () => {
  const subscriptions = new Subscriptions();
  subscriptions.want("n", "room");
  subscriptions.unwant("n");
  subscriptions.unwant("n");
  assert.equal(subscriptions.nextBatch(9), undefined);
  assert.equal(subscriptions.get("n"), undefined);
  assert.deepEqual(subscriptions.counts, { desired: 0, confirmed: 0 });
});

Deno.test("Subscriptions.unwant() while subscribing waits for the confirmation and then unsubscribes", () => {
  const subscriptions = new Subscriptions();
  subscriptions.want("n", "room");
  subscriptions.nextBatch(9);
  subscriptions.unwant("n");
  assert.equal(subscriptions.nextBatch(9), undefined);
  assert.equal(subscriptions.confirm("subscribe", "n"), undefined);
  assert.deepEqual(subscriptions.counts, { desired: 0, confirmed: 1 });
  const batch = subscriptions.nextBatch(9);
  assert.deepEqual(batch, { verb: "UNSUBSCRIBE", names: ["n"] });
  confirmAll(subscriptions, batch);
  assert.deepEqual(subscriptions.counts, { desired: 0, confirmed: 0 });
  assert.equal(subscriptions.get("n"), undefined);
});

Deno.test("Subscriptions.want() while unsubscribing subscribes anew, and only then counts as confirmed", () => {
  const subscriptions = new Subscriptions();
  subscriptions.want("n", "room");
  confirmAll(subscriptions, subscriptions.nextBatch(9));
  subscriptions.unwant("n");
  const leaving = subscriptions.nextBatch(9);
  assert.equal(subscriptions.want("n", "room"), false);
  assert.equal(subscriptions.nextBatch(9), undefined);
  confirmAll(subscriptions, leaving);
  const batch = subscriptions.nextBatch(9);
  assert.deepEqual(batch, { verb: "SUBSCRIBE", names: ["n"] });
  confirmAll(subscriptions, batch);
  assert.deepEqual(subscriptions.counts, { desired: 1, confirmed: 1 });
});

Deno.test("Subscriptions.reset() asks for all that is wanted again and says when it is synced", () => {
  const subscriptions = new Subscriptions();
  for (const name of ["a", "b", "c", "d"]) subscriptions.want(name, name);
  confirmAll(subscriptions, subscriptions.nextBatch(9));
  subscriptions.unwant("d");
  subscriptions.reset();
  assert.deepEqual(subscriptions.counts, { desired: 3, confirmed: 0 });
  assert.equal(subscriptions.get("d"), undefined);
  const first = subscriptions.nextBatch(2);
  subscriptions.want("new", "new");
  confirmAll(subscriptions, first);
  assert.equal(subscriptions.isSynced, false);
  subscriptions.unwant("c");
  assert.equal(subscriptions.isSynced, true);
});

Deno.test("Subscriptions.reset() forgets an unsubscription that was under way", () => {
  const subscriptions = new Subscriptions();
  subscriptions.want("a", "a");
  confirmAll(subscriptions, subscriptions.nextBatch(9));
  subscriptions.unwant("a");
  subscriptions.nextBatch(9);
  subscriptions.reset();
  assert.equal(subscriptions.nextBatch(9), undefined);
  assert.deepEqual(subscriptions.counts, { desired: 0, confirmed: 0 });
  assert.equal(subscriptions.isSynced, true);
});

Deno.test("Subscriptions.counts leaves the node's own names out", () => {
  const subscriptions = new Subscriptions();
  subscriptions.want("node", undefined);
  confirmAll(subscriptions, subscriptions.nextBatch(9));
  assert.deepEqual(subscriptions.counts, { desired: 0, confirmed: 0 });
});

Deno.test("Subscriptions converges over random wishes, confirmations and resets", () => {
  const numbers = seededRandom(3);
  const random = (below: number) => Math.floor(numbers() * below);
  const subscriptions = new Subscriptions();
  const wanted = new Set<string>();
  let redis = new Set<string>();
  let underWay: { verb: string; name: string }[] = [];
  const deliver = () => {
    const next = underWay.shift();
    if (next === undefined) return;
    if (next.verb === "SUBSCRIBE") redis.add(next.name);
    else redis.delete(next.name);
    subscriptions.confirm(next.verb === "SUBSCRIBE" ? "subscribe" : "unsubscribe", next.name);
  };
  const ask = () => {
    const batch = subscriptions.nextBatch(1 + random(4));
    for (const name of batch?.names ?? []) underWay.push({ verb: batch?.verb ?? "", name });
    return batch !== undefined;
  };
  for (let step = 0; step < 20_000; step++) {
    const name = `n${random(12)}`;
    const what = random(100);
    if (what < 30) wanted.add(name) && subscriptions.want(name, name);
    else if (what < 60) wanted.delete(name), subscriptions.unwant(name);
    else if (what < 78) ask();
    else if (what < 99) deliver();
    else {
      [redis, underWay] = [new Set(), []];
      subscriptions.reset();
    }
  }
  while (ask() || underWay.length > 0) deliver();
  assert.deepEqual([...redis].sort(), [...wanted].sort());
  assert.deepEqual(subscriptions.counts, { desired: wanted.size, confirmed: wanted.size });
  assert.equal(subscriptions.isSynced, true);
});

import assert from "node:assert/strict";
import { newNodeId, type NodeId } from "../../core/ids.ts";
import { recordOf } from "../../testing/node_records.ts";
import { NodeTable } from "./node_table.ts";

function tableAt(
  clock: { nowMs: number },
  dropOwned: (node: NodeId, most: number) => number = () => 0,
): NodeTable {
  return new NodeTable({ now: () => clock.nowMs, isListening: () => false, dropOwned, generation: "g" });
}

/** Something else of which every node owns `count` at first. */
function owning(count: number) {
  const left = new Map<NodeId, number>();
  const drop = (node: NodeId, most: number) => {
    const have = left.get(node) ?? count;
    const dropped = Math.min(have, most);
    left.set(node, have - dropped);
    return dropped;
  };
  return { drop, left: (node: NodeId) => left.get(node) ?? count };
}

function clientsOf(node: NodeId, count: number) {
  const rest = { workspace: "w", user: "u", name: "n", connectedMs: 0 };
  return Array.from({ length: count }, (_, i) => ({ client: `${node}.${i}`, ...rest }));
}

Deno.test("beat() suspects a node one millisecond past suspectAfterMs", () => {
  const clock = { nowMs: 0 };
  const table = tableAt(clock);
  const [a, b] = [newNodeId(), newNodeId()];
  table.beat(recordOf(a), 100);
  clock.nowMs = 100;
  assert.deepEqual(table.beat(recordOf(b), 100).suspects, []);
  clock.nowMs = 101;
  const { suspects } = table.beat(recordOf(b), 100);
  assert.deepEqual(suspects, [{ node: a, beatMs: 0, hasListener: false }]);
});

Deno.test("bury() gives the claim to another exactly when claimMs are over", () => {
  const clock = { nowMs: 0 };
  const table = tableAt(clock);
  const [a, b] = [newNodeId(), newNodeId()];
  table.beat(recordOf(a), 100);
  assert.equal(table.bury(a, 0, 50), true);
  clock.nowMs = 49;
  assert.equal(table.bury(a, 0, 50), false);
  assert.deepEqual(table.beat(recordOf(b), 100).unfinished, []);
  clock.nowMs = 50;
  assert.deepEqual(table.beat(recordOf(b), 100).unfinished, [a]);
  assert.equal(table.bury(a, 0, 50), true);
});

Deno.test("bury() refuses a node that the registry does not hold", () => {
  const table = tableAt({ nowMs: 0 });
  assert.equal(table.bury(newNodeId(), 0, 50), false);
});

Deno.test("clean() removes 1000 records a call", () => {
  const table = tableAt({ nowMs: 0 });
  const a = newNodeId();
  table.beat(recordOf(a), 100);
  table.putClients(a, clientsOf(a, 2_500));
  table.bury(a, 0, 50);
  const answers: (readonly [boolean, number])[] = [];
  for (let i = 0; i < 3; i++) answers.push([table.clean(a), table.clientsOf(a).length]);
  assert.deepEqual(answers, [[false, 1_500], [false, 500], [true, 0]]);
});

Deno.test("leave() and dropClients() of a buried node leave its records to the cleaner", () => {
  const table = tableAt({ nowMs: 0 });
  const a = newNodeId();
  table.beat(recordOf(a), 100);
  table.putClients(a, clientsOf(a, 2));
  table.bury(a, 0, 50);
  table.dropClients(a, [`${a}.0`]);
  table.leave(a);
  assert.equal(table.clientsOf(a).length, 2);
});

Deno.test("forget() buries and cleans a little in one step, also in the middle of a clean-up", () => {
  const clock = { nowMs: 0 };
  const table = tableAt(clock);
  const [a, b] = [newNodeId(), newNodeId()];
  for (const node of [a, b]) {
    table.beat(recordOf(node), 100);
    table.putClients(node, clientsOf(node, 2));
  }
  table.bury(b, 0, 50);
  for (const node of [a, b]) table.forget(node);
  clock.nowMs = 1_000;
  for (const node of [a, b]) {
    assert.equal(table.beat(recordOf(node), 100).standing, "buried");
    assert.deepEqual(table.clientsOf(node), []);
    assert.equal(table.putClients(node, clientsOf(node, 1)), false);
  }
  assert.deepEqual(table.beat(recordOf(newNodeId()), 1).unfinished, []);
});

Deno.test("clean() removes what else the node owns first, 1000 of all a call", () => {
  const clock = { nowMs: 0 };
  const owned = owning(1_500);
  const table = tableAt(clock, owned.drop);
  const [a, b] = [newNodeId(), newNodeId()];
  table.beat(recordOf(a), 1);
  table.beat(recordOf(b), 1);
  table.putClients(a, clientsOf(a, 700));
  assert.equal(table.clean(a), true);
  assert.equal(owned.left(a), 1_500);
  table.bury(a, 0, 1_000);
  const steps = [1, 2, 3].map(() => [table.clean(a), owned.left(a), table.clientsOf(a).length]);
  assert.deepEqual(steps, [[false, 500, 700], [false, 0, 200], [true, 0, 0]]);
});

Deno.test("forget() cleans one batch and leaves the rest unfinished, for anybody at once", () => {
  const clock = { nowMs: 0 };
  const owned = owning(1_500);
  const table = tableAt(clock, owned.drop);
  const [a, b] = [newNodeId(), newNodeId()];
  table.beat(recordOf(a), 1);
  table.forget(a);
  assert.equal(owned.left(a), 500);
  assert.equal(table.isBuried(a), true);
  assert.deepEqual(table.beat(recordOf(b), 1).unfinished, [a]);
  assert.equal(table.bury(a, 0, 1_000), true);
  assert.equal(table.clean(a), true);
  assert.deepEqual(table.beat(recordOf(b), 1).unfinished, []);
});

Deno.test("leave() removes what else the node owns, and buries a node that left a heap", () => {
  const table = tableAt({ nowMs: 0 }, owning(1_500).drop);
  const little = tableAt({ nowMs: 0 }, owning(10).drop);
  const [a, b] = [newNodeId(), newNodeId()];
  for (const each of [table, little]) {
    each.beat(recordOf(a), 1);
    each.leave(a);
  }
  assert.deepEqual(little.beat(recordOf(b), 1).unfinished, []);
  assert.equal(little.isBuried(a), false);
  assert.deepEqual(table.beat(recordOf(b), 1).unfinished, [a]);
});

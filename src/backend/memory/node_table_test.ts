import assert from "node:assert/strict";
import { newNodeId, type NodeId } from "../../core/ids.ts";
import type { NodeRecord } from "../backend.ts";
import { NodeTable } from "./node_table.ts";

const stats = {
  connections: 0,
  channels: 0,
  messagesInPerSec: 0,
  messagesOutPerSec: 0,
  lagMs: 0,
  rssBytes: 0,
  cpuPercent: 0,
};

function recordOf(node: NodeId): NodeRecord {
  return { node, address: "127.0.0.1:1", version: "1", pid: 1, startedMs: 0, isDraining: false, stats };
}

function tableAt(clock: { nowMs: number }): NodeTable {
  return new NodeTable({ now: () => clock.nowMs, isListening: () => false, generation: "g" });
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

Deno.test("forget() buries and cleans in one step, also in the middle of a clean-up", () => {
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

import assert from "node:assert/strict";
import { newNodeId } from "../../core/ids.ts";
import { recordOf } from "../../testing/node_records.ts";
import { memoryBackend, MemoryHub } from "./mod.ts";

const silent = { onChannelMessage() {}, onNodeMessage() {}, onState() {} };

Deno.test("memoryBackend() refuses a node id that is connected already, and takes it after close()", async () => {
  const open = memoryBackend(new MemoryHub());
  const node = newNodeId();
  const first = open(node, silent);
  assert.throws(() => open(node, silent), TypeError);
  await first.close();
  await open(node, silent).close();
});

Deno.test("memoryBackend() makes a cluster of its own without a hub", async () => {
  const [a, b] = [memoryBackend()(newNodeId(), silent), memoryBackend()(newNodeId(), silent)];
  assert.equal(await a.counters.increment("k", 1_000), 1);
  assert.equal(await b.counters.increment("k", 1_000), 1);
});

Deno.test("close() delivers nothing that was published before in the same tick", async () => {
  const messages: string[] = [];
  const backend = memoryBackend()(newNodeId(), {
    ...silent,
    onChannelMessage: (_, text) => void messages.push(text),
  });
  await backend.bus.subscribe("room");
  const done = new Promise<Error | undefined>((resolve) => backend.bus.publish("room", "x", resolve));
  await backend.close();
  assert.equal(await done, undefined);
  assert.deepEqual(messages, []);
});

Deno.test("MemoryHub.channels holds nothing for a channel without subscribers", async () => {
  const hub = new MemoryHub();
  const backend = memoryBackend(hub)(newNodeId(), silent);
  await Promise.all([backend.bus.subscribe("a"), backend.bus.subscribe("b")]);
  backend.bus.unsubscribe("a");
  assert.equal(hub.channels.size, 1);
  await backend.close();
  assert.equal(hub.channels.size, 0);
});

Deno.test("beat() tells a time that moves with the monotonic clock, whatever the wall clock does", async () => {
  let [wallMs, monotonicMs] = [1_000_000, 10];
  const hub = new MemoryHub({ wallMs: () => wallMs, monotonicMs: () => monotonicMs });
  const node = newNodeId();
  const backend = memoryBackend(hub)(node, silent);
  const record = recordOf(node);
  assert.equal((await backend.registry.beat(record, 1)).nowMs, 1_000_000);
  [wallMs, monotonicMs] = [5, 510];
  assert.equal((await backend.registry.beat(record, 1)).nowMs, 1_000_500);
});

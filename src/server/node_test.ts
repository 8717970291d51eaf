import assert from "node:assert/strict";
import type { Backend, BackendFactory, BeatAnswer } from "../backend/backend.ts";
import { memoryBackend, MemoryHub } from "../backend/memory/mod.ts";
import { type FakeClient, settle } from "../testing/fake_socket.ts";
import { TestNode } from "../testing/test_node.ts";
import { until } from "../testing/waiting.ts";

/** A memory backend whose beats can be answered by the test. */
function steered(answer: (backend: Backend, real: BeatAnswer) => BeatAnswer): BackendFactory {
  const memory = memoryBackend(new MemoryHub());
  return (node, listener) => {
    const backend = memory(node, listener);
    const { registry } = backend;
    const beat = registry.beat.bind(registry);
    registry.beat = async (record, suspectAfterMs) => answer(backend, await beat(record, suspectAfterMs));
    return backend;
  };
}

/** Answers each frame as it comes: a timer of the test may be late where the node's is not. */
function answerPings({ socket, listener }: FakeClient): void {
  const send = socket.send.bind(socket);
  socket.send = (frame) => {
    send(frame);
    queueMicrotask(() => listener.onMessage("{}"));
  };
}

function replyTo(client: FakeClient): string {
  return JSON.stringify(client.take());
}

Deno.test("Node is ready once a probe came back, and says why while it is not", async () => {
  await using test = new TestNode();
  assert.equal(test.node.readiness.isReady, false);
  test.node.start("127.0.0.1:1");
  await until("ready", () => test.node.readiness.isReady);
  assert.equal(test.node.readiness.cause, undefined);
});

Deno.test("Node.drain() turns readiness off and asks every client to reconnect elsewhere", async () => {
  await using test = new TestNode();
  test.node.start("127.0.0.1:1");
  await until("ready", () => test.node.readiness.isReady);
  const clients = [await test.connected(), await test.connected(), test.client("/apps/echo"), test.client()];
  await test.node.drain();
  assert.deepEqual(test.node.readiness, { isReady: false, cause: "draining" });
  assert.deepEqual(clients.map((client) => client.socket.closed?.code), [3001, 3001, 3001, 3001]);
});

Deno.test("Node tells the registry of its clients in batches, and forgets them", async () => {
  const hub = new MemoryHub();
  await using test = new TestNode({ hub });
  test.node.start("127.0.0.1:1");
  await until("ready", () => test.node.readiness.isReady);
  const client = await test.connected();
  const records = () => test.node.session.backend.registry.clientsOf(test.node.session.id);
  await until("the record is there", async () => (await records()).length === 1);
  client.listener.onClose(1000, "");
  await until("the record is gone", async () => (await records()).length === 0);
});

Deno.test("Node that was buried starts over under a new id and asks its clients to reconnect", async () => {
  let isBuried = false;
  await using test = new TestNode({
    backend: steered((_backend, real) => isBuried ? { ...real, standing: "buried" } : real),
    config: { beatIntervalMs: 50, nodeSuspectMs: 200, nodeDeadMs: 400 },
  });
  test.node.start("127.0.0.1:1");
  await until("ready", () => test.node.readiness.isReady);
  const [before, client] = [test.node.id, await test.connected()];
  isBuried = true;
  await until("another id", () => test.node.id !== before);
  isBuried = false;
  await until("the client was closed", () => client.socket.closed !== undefined);
  assert.equal(client.socket.closed?.code, 3011);
  await until("ready again", () => test.node.readiness.isReady);
  const fresh = await test.connected();
  await fresh.send({ id: 2, subscribe: { channel: "c" } }, { id: 3, publish: { channel: "c", data: 1 } });
  assert.match(replyTo(fresh), /"publish"/);
});

Deno.test("Node writes its client records again when the registry has lost them", async () => {
  let isForgotten = false;
  await using test = new TestNode({
    backend: steered((backend, real) => {
      if (!isForgotten) return real;
      isForgotten = false;
      void backend.registry.replaceClients([]);
      return { ...real, isNew: true, clientCount: 0 };
    }),
    config: { beatIntervalMs: 50, nodeSuspectMs: 200, nodeDeadMs: 400 },
  });
  test.node.start("127.0.0.1:1");
  await test.connected();
  const records = () => test.node.session.backend.registry.clientsOf(test.node.session.id);
  await until("the record is there", async () => (await records()).length === 1);
  isForgotten = true;
  await until("the record is back", async () => !isForgotten && (await records()).length === 1);
});

Deno.test("Node closes 3012 who does not answer a ping, and keeps who does", async () => {
  await using test = new TestNode({ config: { pingIntervalMs: 400, pongTimeoutMs: 100 } });
  test.node.start("127.0.0.1:1");
  const [silent, alive] = [await test.connected(), await test.connected()];
  answerPings(alive);
  await until("the silent one is closed", () => silent.socket.closed !== undefined);
  await settle();
  assert.deepEqual([silent.socket.closed?.code, alive.socket.closed], [3012, undefined]);
});

Deno.test("Node closes 3502 who never connects", async () => {
  await using test = new TestNode({ config: { connectTimeoutMs: 100 } });
  test.node.start("127.0.0.1:1");
  const client = test.client();
  await until("closed", () => client.socket.closed !== undefined);
  assert.equal(client.socket.closed?.code, 3502);
});

Deno.test("Node gives a channel up some time after its last subscriber left, not sooner", async () => {
  await using test = new TestNode({ config: { unsubscribeDelayMs: 300 } });
  test.node.start("127.0.0.1:1");
  const client = await test.connected();
  await client.send({ id: 2, subscribe: { channel: "c" } });
  const { bus } = test.node.session.backend;
  assert.equal(bus.subscriptions().desired, 1);
  const startMs = performance.now();
  await client.send({ id: 3, unsubscribe: { channel: "c" } });
  await until("given up", () => bus.subscriptions().desired === 0);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 300, `after ${tookMs} ms`);
});

Deno.test("Node.publish() rejects what JSON cannot say", async () => {
  await using test = new TestNode();
  assert.throws(() => test.node.publish("c", undefined), TypeError);
  await test.node.publish("c", { ok: true });
});

Deno.test("Node ends when its backend has ended for good", async () => {
  await using test = new TestNode();
  test.node.start("127.0.0.1:1");
  const client = await test.connected();
  await test.node.session.backend.close();
  assert.equal(await test.node.ended, "backend closed");
  assert.equal(client.socket.closed?.code, 3001);
});

Deno.test("Node.close() resolves for every caller, and ended with it, once the backend has ended", async () => {
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>();
  const memory = memoryBackend(new MemoryHub());
  const test = new TestNode({
    backend: (node, listener) => {
      const backend = memory(node, listener);
      const close = backend.close.bind(backend);
      backend.close = async () => {
        await mayEnd;
        await close();
      };
      return backend;
    },
  });
  let resolved = 0;
  const closes = [test.node.close(), test.node.close(), test.node.ended];
  for (const each of closes) void each.then(() => resolved++);
  await settle();
  assert.equal(resolved, 0);
  letEnd();
  await Promise.all(closes);
});

Deno.test("Node.ended resolves also when the backend cannot end in order", async () => {
  const memory = memoryBackend(new MemoryHub());
  const test = new TestNode({
    backend: (node, listener) => {
      const backend = memory(node, listener);
      backend.close = () => Promise.reject(new Error("cannot end"));
      return backend;
    },
  });
  await assert.rejects(test.node.close(), /cannot end/);
  assert.equal(await test.node.ended, "closed");
});

Deno.test("Node.isFull() counts whom it turns away", async () => {
  await using test = new TestNode();
  await test.connected();
  assert.deepEqual([test.node.isFull(2), test.node.isFull(1)], [false, true]);
  assert.equal(test.node.traffic.connectionsRefused, 1);
});

Deno.test("Node logs a command that failed with the ids of node, workspace, connection and request", async () => {
  await using test = new TestNode({
    rpc: {
      broken: () => {
        throw new Error("boom\nforged");
      },
    },
  });
  const client = await test.connected("/acme/connection/websocket");
  await client.send({ id: 7, rpc: { method: "broken" } });
  assert.match(replyTo(client), /"code":100/);
  const [record] = test.logs.map((line) => JSON.parse(line)).filter(({ level }) => level === "error");
  assert.equal(record.node, test.node.id);
  assert.match(record.connection, new RegExp(`^${test.node.id}\\.`));
  assert.deepEqual([record.workspace, record.request, record.command, record.error], [
    "acme",
    7,
    "rpc",
    "boom\nforged",
  ]);
});

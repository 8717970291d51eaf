/** What is called while something else is under way, and what others send that nobody expects. */
import assert from "node:assert/strict";
import type { BackendFactory } from "../backend/backend.ts";
import { memoryBackend, MemoryHub } from "../backend/memory/mod.ts";
import { newNodeId } from "../core/ids.ts";
import { silentLogger } from "../core/log.ts";
import { settle } from "../testing/fake_socket.ts";
import { TestNode } from "../testing/test_node.ts";
import { ClientRecords } from "./client_records.ts";
import { Connection } from "./connection.ts";
import { HistoryReader } from "./history_reader.ts";
import { Leash } from "./services/mod.ts";

const deaf = { onChannelMessage() {}, onNodeMessage() {}, onState() {} };

Deno.test("a node drops a message of the bus that it cannot handle, and hears the next", async () => {
  const hub = new MemoryHub();
  await using test = new TestNode({ hub, config: { channel: { slowPolicy: "conflate" } } });
  const client = await test.connected();
  await client.send({ id: 2, subscribe: { channel: "c" } });
  client.take();
  const { bus } = memoryBackend(hub)(newNodeId(), deaf);
  client.socket.bufferedAmount = 500_000;
  bus.publish("default/c", '1p"key":oops\n1', () => {});
  await settle();
  client.socket.bufferedAmount = 0;
  bus.publish("default/c", "1p\n2", () => {});
  await settle();
  assert.match(JSON.stringify(client.take()), /"data":2/);
  assert.match(test.logs.join(""), /message of the bus/);
});

/** A backend whose end takes until it is told. */
function lingering(): { factory: BackendFactory; end: () => void } {
  const memory = memoryBackend(new MemoryHub());
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const factory: BackendFactory = (node, listener) => {
    const backend = memory(node, listener);
    const close = backend.close.bind(backend);
    backend.close = () => promise.then(close);
    return backend;
  };
  return { factory, end };
}

Deno.test("each of two Node.close() at once, and a drain() with them, resolves when the node has ended", async () => {
  const { factory, end } = lingering();
  const test = new TestNode({ backend: factory });
  await test.connected();
  const ended: string[] = [];
  const all = [
    test.node.close().then(() => ended.push("first")),
    test.node.close().then(() => ended.push("second")),
    test.node.ended.then(() => ended.push("ended")),
  ];
  await settle();
  await settle();
  assert.deepEqual(ended, []);
  end();
  await Promise.all(all);
  assert.equal(ended.length, 3);
});

Deno.test("a subscription that ends in the frame that began it leaves no grant behind", async () => {
  const expiresAtMs = Date.now() + 60_000;
  await using test = new TestNode({ hooks: { onSubscribe: () => ({ info: { a: 1 }, expiresAtMs }) } });
  for (const options of [{}, { join_leave: true }]) {
    const client = await test.connected();
    const { listener } = client;
    assert.ok(listener instanceof Connection);
    await client.send({ id: 2, subscribe: { channel: "c", ...options } }, {
      id: 3,
      unsubscribe: { channel: "c" },
    });
    assert.equal(client.take().length, 2);
    assert.deepEqual([listener.channels.size, listener.grants?.get("c")], [0, undefined]);
  }
});

Deno.test("commands without content that wait for a connect are bounded too", async () => {
  const never = new Promise<undefined>(() => {});
  await using test = new TestNode({ hooks: { onConnect: () => never } });
  const client = test.client();
  await client.sendText('{"id":1,"connect":{}}');
  for (let n = 0; n < 100 && client.socket.closed === undefined; n++) {
    client.listener.onMessage("\n".repeat(10_000));
  }
  assert.equal(client.socket.closed?.code, 3501);
});

Deno.test("ClientRecords drops a record whose writing is under way", async () => {
  const written = new Set<string>();
  const gate = Promise.withResolvers<void>();
  const registry = {
    putClients: async (records: readonly { client: string }[]) => {
      await gate.promise;
      for (const { client } of records) written.add(client);
      return true;
    },
    dropClients: (clients: readonly string[]) => {
      for (const client of clients) written.delete(client);
      return Promise.resolve();
    },
  };
  const records = new ClientRecords(registry, silentLogger);
  records.put({ client: "a", workspace: "w", user: "", name: "", connectedMs: 0 });
  const flushed = records.flush();
  records.drop("a");
  gate.resolve();
  await flushed;
  assert.deepEqual([[...written], records.pending], [[], 0]);
});

Deno.test("a call that is still looked up when its client goes leaves nothing behind", async () => {
  await using test = new TestNode({ hooks: { onRpc: () => undefined } });
  test.node.start("127.0.0.1:1");
  await test.node.ready;
  const provider = await test.connected();
  await provider.send({
    id: 2,
    rpc: { method: "services.register", data: { id: "s", functions: { f: {} } } },
  });
  assert.match(JSON.stringify(provider.take()), /"rpc"/);
  test.node.session.services.onReady();
  const caller = await test.connected();
  caller.listener.onMessage('{"id":2,"rpc":{"method":"s.f"}}');
  caller.listener.onClose(1006, "");
  for (let n = 0; n < 5; n++) await settle();
  assert.deepEqual(provider.take(), []);
});

Deno.test("Leash.add() cancels at once what began after the pull", () => {
  const leash = new Leash();
  leash.pull();
  let cancelled = 0;
  leash.add(() => cancelled++);
  assert.equal(cancelled, 1);
});

Deno.test("HistoryReader shares no answer between questions that differ, whatever a client calls its epoch or channel", async () => {
  const limits: number[] = [];
  const history = {
    read: (_key: string, { limit }: { limit: number }) => {
      limits.push(limit);
      return settle().then(() => ({ position: { offset: 0, epoch: "" }, messages: [], isTruncated: false }));
    },
  };
  const bounds = { recoveryMaxPublications: 7, historyMaxPage: 100, maxCharacters: 1_000 };
  const reader = new HistoryReader(history, bounds);
  const page = { limit: 10, since: { epoch: "e", offset: 5 }, isReverse: false };
  await Promise.all([
    reader.page("k", page),
    reader.page("k", page),
    reader.since("k", { epoch: "10 false e", offset: 5 }),
    reader.position("k\n10 false e 5"),
  ]);
  assert.deepEqual(limits.toSorted((x, y) => x - y), [0, 7, 10, 10]);
});

Deno.test("a connection whose expiry changes a thousand times waits for few looks, and none is far away", async () => {
  const expiresAtMs = Date.now() + 86_400_000;
  await using test = new TestNode({
    hooks: { onSubscribe: () => ({ expiresAtMs }), onConnect: () => ({ user: "u", expiresAtMs }) },
  });
  const client = await test.connected();
  const { listener } = client;
  assert.ok(listener instanceof Connection);
  const { deadlines, clock } = listener.context;
  const add = deadlines.add.bind(deadlines);
  const looks: number[] = [];
  deadlines.add = (item, atMs) => {
    looks.push(atMs - clock.monotonicMs());
    return add(item, atMs);
  };
  for (let n = 0; n < 100; n++) {
    await client.send({ id: 2 + 2 * n, subscribe: { channel: "c" } }, {
      id: 3 + 2 * n,
      unsubscribe: { channel: "c" },
    });
  }
  listener.checkDeadlines();
  assert.equal(looks.length, 1);
  assert.ok((looks[0] ?? 0) <= 60_000, `${looks[0]} ms`);
});

Deno.test("a fault behind the answer of a command ends its connection, not the process", async () => {
  const hub = new MemoryHub();
  const memory = memoryBackend(hub);
  const gate: { shut?: Promise<void> } = {};
  const backend: BackendFactory = (node, listener) => {
    const made = memory(node, listener);
    const read = made.history.read.bind(made.history);
    made.history.read = async (channel, filter) => {
      const page = await read(channel, filter);
      await gate.shut;
      return page;
    };
    return made;
  };
  const channel = {
    historySize: 10,
    historyTtl: 60,
    forcePositioning: true,
  };
  await using test = new TestNode({ backend, config: { channel } });
  const { epoch } = await test.node.session.history.position("default/c");
  const client = await test.connected();
  const { promise, resolve: open } = Promise.withResolvers<void>();
  gate.shut = promise;
  client.listener.onMessage(
    '{"id":2,"subscribe":{"channel":"c","positioned":true,"tf":{"key":"a","cmp":"ex"}}}',
  );
  await settle();
  memory(newNodeId(), deaf).bus.publish("default/c", `1h${epoch} 1\n1p"tags":oops\n1`, () => {});
  await settle();
  open();
  for (let n = 0; n < 5; n++) await settle();
  assert.equal(client.socket.closed?.code, 3004);
  const { listener } = client;
  assert.ok(listener instanceof Connection);
  assert.equal(listener.channels.size, 0);
});

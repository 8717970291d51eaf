import assert from "node:assert/strict";
import type { BackendFactory, QuotaClaim } from "../../backend/backend.ts";
import { memoryBackend, MemoryHub } from "../../backend/memory/mod.ts";
import type { ConfigOptions } from "../../config/mod.ts";
import type { Clock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import { FakeClient, settle } from "../../testing/fake_socket.ts";
import { TestNode } from "../../testing/test_node.ts";
import { until } from "../../testing/waiting.ts";
import { mintToken } from "../tokens/mod.ts";

const SECRET = "s".repeat(32);

/** Budgets are not filled up while a test goes on. */
const stopped: Clock = { wallMs: () => 1_700_000_000_000, monotonicMs: () => 0 };

function nodeWith(config: ConfigOptions, backend?: BackendFactory): TestNode {
  return new TestNode({ config: { tokenHmacSecret: SECRET, ...config }, ...(backend && { backend }) });
}

async function connectAs(test: TestNode, user: string, workspace = "default"): Promise<FakeClient> {
  const issuedAtS = Math.floor(Date.now() / 1000);
  const token = await mintToken({ user, workspace, issuedAtS, expiresAtS: issuedAtS + 60 }, SECRET);
  const client = test.client();
  await client.send({ id: 1, connect: { token } });
  await until("an answer", () => client.socket.frames.length > 0 || client.socket.closed !== undefined);
  return client;
}

function leave(client: FakeClient): void {
  client.listener.onClose(1000, "");
}

function hits(test: TestNode): Readonly<Record<string, number>> {
  return Object.fromEntries([...test.node.traffic.limitHits].filter(([, count]) => count > 0));
}

Deno.test("Connection closes 3504 past max_connections_per_user, and a place is free when one ends", async () => {
  await using test = nodeWith({ maxConnectionsPerUser: 2 });
  const [first, , third] = [
    await connectAs(test, "u"),
    await connectAs(test, "u"),
    await connectAs(test, "u"),
  ];
  assert.deepEqual([first?.socket.closed, third?.socket.closed?.code], [undefined, 3504]);
  assert.equal((await connectAs(test, "v")).socket.closed, undefined);
  assert.equal((await connectAs(test, "u", "other")).socket.closed, undefined);
  if (first) leave(first);
  assert.equal((await connectAs(test, "u")).socket.closed, undefined);
  assert.deepEqual(hits(test), { max_connections_per_user: 1 });
});

Deno.test("Connection counts anonymous clients of an open node for no user", async () => {
  await using test = new TestNode({ config: { maxConnectionsPerUser: 1 } });
  const clients = [await test.connected(), await test.connected()];
  assert.deepEqual(clients.map(({ socket }) => socket.closed), [undefined, undefined]);
});

Deno.test("Connection closes 3504 past max_connections_per_workspace over two nodes", async () => {
  const hub = new MemoryHub();
  const told: QuotaClaim[] = [];
  const memory = memoryBackend(hub);
  const watched: BackendFactory = (node, listener) => {
    const backend = memory(node, listener);
    const claim = backend.quotas.claim.bind(backend.quotas);
    backend.quotas.claim = async (name, wanted) => {
      const granted = await claim(name, wanted);
      told.push(wanted);
      return granted;
    };
    return backend;
  };
  await using a = nodeWith({ maxConnectionsPerWorkspace: 2 }, watched);
  await using b = nodeWith({ maxConnectionsPerWorkspace: 2 }, memoryBackend(hub));
  for (const { node } of [a, b]) {
    node.start("127.0.0.1:1");
    await node.ready;
  }
  const first = await connectAs(a, "u", "w");
  assert.deepEqual([first.socket.closed, (await connectAs(b, "v", "w")).socket.closed], [
    undefined,
    undefined,
  ]);
  assert.equal((await connectAs(b, "x", "w")).socket.closed?.code, 3504);
  assert.equal((await connectAs(b, "x", "other")).socket.closed, undefined);
  leave(first);
  await until("the place is given back", () => told.at(-1)?.held === 0 && told.at(-1)?.more === 0);
  assert.equal((await connectAs(b, "x", "w")).socket.closed, undefined);
  assert.deepEqual([hits(a), hits(b)], [{}, { max_connections_per_workspace: 1 }]);
});

Deno.test("Connection in open mode asks for a place of its workspace too, and answers what came meanwhile", async () => {
  await using test = new TestNode({ config: { maxConnectionsPerWorkspace: 1 } });
  const client = test.client();
  await client.send({ id: 1, connect: {} }, { id: 2, rpc: { method: "echo", data: 1 } });
  await until("a second message", () => client.socket.messages.length > 1);
  assert.deepEqual(client.take()[1], { id: 2, rpc: { data: 1 } });
  assert.equal((await test.connected()).socket.closed?.code, 3504);
});

Deno.test("Connection that ends while its workspace is asked about leaves its place to the next", async () => {
  const memory = memoryBackend(new MemoryHub());
  const answered = Promise.withResolvers<void>();
  const slow: BackendFactory = (node, listener) => {
    const backend = memory(node, listener);
    const claim = backend.quotas.claim.bind(backend.quotas);
    backend.quotas.claim = async (...args) => {
      const granted = await claim(...args);
      await answered.promise;
      return granted;
    };
    return backend;
  };
  await using test = new TestNode({ config: { maxConnectionsPerWorkspace: 1 }, backend: slow });
  const gone = test.client();
  await gone.send({ id: 1, connect: {} });
  leave(gone);
  answered.resolve();
  await settle();
  const next = test.client();
  await next.send({ id: 1, connect: {} });
  await until("an answer", () => next.socket.frames.length > 0 || next.socket.closed !== undefined);
  assert.equal(next.socket.closed, undefined);
});

Deno.test("Connection answers 100 when the backend cannot tell of the workspace's places", async () => {
  const memory = memoryBackend(new MemoryHub());
  const away: BackendFactory = (node, listener) => {
    const backend = memory(node, listener);
    backend.quotas.claim = () => Promise.reject(new ClientError("internal"));
    return backend;
  };
  await using test = nodeWith({ maxConnectionsPerWorkspace: 5 }, away);
  const client = await connectAs(test, "u");
  assert.match(JSON.stringify(client.take()), /"code":100/);
  assert.equal(client.socket.closed, undefined);
});

Deno.test("Connection answers 111 past commands_per_s, and closes 3013 past twice as many", async () => {
  await using test = new TestNode({ clock: stopped, config: { commandsPerS: 2 } });
  const client = await test.connected();
  const ping = (id: number) => ({ id, ping: {} });
  await client.send(ping(2), ping(3));
  const refusal = { error: { code: 111, message: "too many requests", temporary: true }, id: 3 };
  assert.deepEqual(client.take(), [{ id: 2, ping: {} }, refusal]);
  await client.send(ping(4), ping(5));
  assert.equal(client.socket.closed?.code, 3013);
  assert.deepEqual(hits(test), { commands_per_s: 3 });
});

Deno.test("Connection closes 3013 past bytes_per_s, apps included", async () => {
  await using test = new TestNode({ clock: stopped, config: { bytesPerS: 1_024, maxMessageBytes: 1_024 } });
  for (const client of [await test.connected(), test.client("/apps/echo")]) {
    await client.sendText(JSON.stringify({ id: 2, rpc: { method: "echo", data: "x".repeat(900) } }));
    assert.deepEqual([client.socket.closed], [undefined]);
    await client.sendText(JSON.stringify({ id: 3, rpc: { method: "echo", data: "x".repeat(900) } }));
    assert.equal(client.socket.closed?.code, 3013);
  }
  assert.deepEqual(hits(test), { bytes_per_s: 2 });
});

Deno.test("Node.upgradeLimits lets as many connects a second through as connects_per_s says", async () => {
  await using test = new TestNode({ clock: stopped, config: { connectsPerS: 2 } });
  const answers = Array.from({ length: 3 }, () => test.node.upgradeLimits.hitBy("10.0.0.1"));
  assert.deepEqual(answers, [undefined, undefined, "connects_per_s"]);
  assert.deepEqual(hits(test), { connects_per_s: 1 });
});

Deno.test("Node.upgradeLimits counts sockets of an address, apps included, until they end", async () => {
  await using test = new TestNode({ config: { maxConnectionsPerAddress: 2 } });
  const [client] = [test.client(), test.client("/apps/echo")];
  assert.equal(test.node.upgradeLimits.hitBy("127.0.0.1"), "max_connections_per_address");
  assert.equal(test.node.upgradeLimits.hitBy("127.0.0.2"), undefined);
  assert.equal(test.client().socket.closed?.code, 3013);
  if (client) leave(client);
  assert.equal(test.node.upgradeLimits.hitBy("127.0.0.1"), undefined);
});

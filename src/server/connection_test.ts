import assert from "node:assert/strict";
import type { BackendFactory } from "../backend/backend.ts";
import { memoryBackend, MemoryHub } from "../backend/memory/mod.ts";
import { ClientError } from "../core/errors.ts";
import { settle } from "../testing/fake_socket.ts";
import { TestNode } from "../testing/test_node.ts";
import { until } from "../testing/waiting.ts";
import { mintToken } from "./mod.ts";

const SECRET = "s".repeat(32);

/** A backend whose subscribes and publishes wait until told. */
function slowBackend(): { factory: BackendFactory; release: () => void } {
  const memory = memoryBackend(new MemoryHub());
  const waiting: (() => void)[] = [];
  const factory: BackendFactory = (node, listener) => {
    const backend = memory(node, listener);
    const { bus } = backend;
    const subscribe = bus.subscribe.bind(bus);
    bus.subscribe = async (channel) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      await subscribe(channel);
    };
    return backend;
  };
  return { factory, release: () => waiting.splice(0).forEach((resolve) => resolve()) };
}

Deno.test("Connection welcomes an anonymous client in open mode", async () => {
  await using test = new TestNode();
  const client = test.client();
  await client.send({ id: 1, connect: { name: "js" } });
  const [reply] = client.take();
  assert.ok(typeof reply === "object" && reply !== null && "connect" in reply);
  const { connect } = reply as { connect: Record<string, unknown> };
  assert.match(String(connect.client), new RegExp(`^${test.node.id}\\.`));
  assert.deepEqual([connect.ping, connect.pong, connect.node], [25, true, test.node.id]);
});

Deno.test("Connection answers a batch in one frame", async () => {
  await using test = new TestNode();
  const client = test.client();
  await client.send({ id: 1, connect: {} }, { id: 2, ping: {} }, {
    id: 3,
    rpc: { method: "echo", data: [1] },
  });
  assert.equal(client.socket.frames.length, 1);
  assert.deepEqual(client.take().slice(1), [{ id: 2, ping: {} }, { id: 3, rpc: { data: [1] } }]);
});

Deno.test("Connection delivers a publication to its publisher and the other subscribers", async () => {
  await using test = new TestNode();
  const [alice, bob] = [await test.connected(), await test.connected()];
  for (const client of [alice, bob]) {
    await client.send({ id: 2, subscribe: { channel: "room" } });
    assert.deepEqual(client.take(), [{ id: 2, subscribe: {} }]);
  }
  await alice.send({ id: 3, publish: { channel: "room", data: { text: "hi" } } });
  const push = { push: { channel: "room", pub: { data: { text: "hi" } } } };
  assert.deepEqual(bob.take(), [push]);
  const toAlice = alice.take();
  assert.deepEqual([
    toAlice.length,
    toAlice.filter((message) => JSON.stringify(message) === JSON.stringify(push)).length,
  ], [2, 1]);
});

Deno.test("Connection says who published where the channel's options want it", async () => {
  await using test = new TestNode({ config: { namespaces: [{ name: "chat" }] } });
  const client = await test.connected();
  await client.send({ id: 2, subscribe: { channel: "chat:room" } });
  await client.send({ id: 3, publish: { channel: "chat:room", data: 1 } });
  const push = client.take().find((message) => JSON.stringify(message).includes("push")) as {
    push: { pub: { info: { client: string } } };
  };
  assert.match(push.push.pub.info.client, new RegExp(`^${test.node.id}\\.`));
});

Deno.test("Connection stops delivering after unsubscribe", async () => {
  await using test = new TestNode();
  const client = await test.connected();
  await client.send({ id: 2, subscribe: { channel: "c" } }, { id: 3, unsubscribe: { channel: "c" } });
  await client.send({ id: 4, publish: { channel: "c", data: 1 } });
  assert.deepEqual(client.take(), [{ id: 2, subscribe: {} }, { id: 3, unsubscribe: {} }, {
    id: 4,
    publish: {},
  }]);
});

Deno.test("Connection answers each fault of a command with its code", async () => {
  await using test = new TestNode({ config: { maxChannelsPerConnection: 1 } });
  const client = await test.connected();
  await client.send({ id: 1, subscribe: { channel: "held" } });
  client.take();
  const cases: [unknown, number][] = [
    [{ subscribe: { channel: "" } }, 107],
    [{ subscribe: { channel: "c".repeat(256) } }, 107],
    [{ subscribe: { channel: "nowhere:room" } }, 102],
    [{ subscribe: { channel: "held" } }, 105],
    [{ subscribe: { channel: "second" } }, 106],
    [{ publish: { channel: "", data: 1 } }, 107],
    [{ publish: { channel: "c" } }, 107],
    [{ unsubscribe: { channel: "" } }, 107],
    [{ rpc: { method: "unheard" } }, 104],
    [{ rpc: {} }, 104],
    [{ presence: { channel: "c" } }, 108],
    [{ presence_stats: { channel: "c" } }, 108],
    [{ history: { channel: "c" } }, 108],
    [{ refresh: { token: "x" } }, 108],
    [{ sub_refresh: { channel: "c" } }, 108],
  ];
  for (const [request, code] of cases) {
    await client.send({ id: 9, ...(request as object) });
    const [reply] = client.take() as { id: number; error: { code: number } }[];
    assert.deepEqual([reply?.id, reply?.error.code], [9, code], JSON.stringify(request));
  }
  assert.deepEqual(test.logs, [], "bad input leaves nothing in the log");
});

Deno.test("Connection closes 3501 over what is no command, or comes before connect", async () => {
  await using test = new TestNode();
  for (const text of ["{", "", "[]", '{"id":1,"dance":{}}', '{"id":2,"ping":{}}', "{}"]) {
    const client = test.client();
    await client.sendText(text);
    assert.deepEqual(client.socket.closed, { code: 3501, reason: "bad request" }, text);
  }
  assert.deepEqual(test.logs, []);
});

Deno.test("Connection closes 3501 over a second connect, after the answers that were owed", async () => {
  await using test = new TestNode();
  const client = await test.connected();
  await client.send({ id: 2, ping: {} }, { id: 3, connect: {} });
  assert.deepEqual(client.take(), [{ id: 2, ping: {} }]);
  assert.equal(client.socket.closed?.code, 3501);
});

Deno.test("Connection reads binary messages as it reads text", async () => {
  await using test = new TestNode();
  const client = await test.connected();
  client.listener.onMessage(new TextEncoder().encode('{"id":2,"ping":{}}'));
  await settle();
  assert.deepEqual(client.take(), [{ id: 2, ping: {} }]);
});

Deno.test("Connection closes 3008 when the socket holds more than the outbox may", async () => {
  await using test = new TestNode({ config: { outboxBytes: 65_536, maxMessageBytes: 65_536 } });
  const client = await test.connected();
  client.socket.bufferedAmount = 65_500;
  await client.send({ id: 2, rpc: { method: "echo", data: "x".repeat(100) } });
  assert.deepEqual([client.socket.closed?.code, client.take()], [3008, []]);
  assert.equal(test.node.connections, 0);
});

Deno.test("Connection finishes commands on one channel in order, and lets others overtake", async () => {
  const { factory, release } = slowBackend();
  await using test = new TestNode({ backend: factory });
  const client = await test.connected();
  await client.send(
    { id: 1, subscribe: { channel: "a" } },
    { id: 2, publish: { channel: "a", data: 1 } },
    { id: 3, unsubscribe: { channel: "a" } },
    { id: 4, ping: {} },
  );
  assert.deepEqual(client.take(), [{ id: 4, ping: {} }]);
  release();
  await settle();
  const order = client.take().map((message) => (message as { id?: number }).id ?? "push");
  assert.deepEqual(order.filter((id) => id !== "push"), [1, 2, 3]);
});

Deno.test("Connection answers 111 beyond maxCommandsInFlight and goes on", async () => {
  const { factory, release } = slowBackend();
  await using test = new TestNode({ backend: factory, config: { maxCommandsInFlight: 2 } });
  const client = await test.connected();
  await client.send(...[1, 2, 3].map((id) => ({ id, subscribe: { channel: `c${id}` } })));
  const [refused] = client.take() as { id: number; error: { code: number } }[];
  assert.deepEqual([refused?.id, refused?.error.code], [3, 111]);
  release();
  await settle();
  assert.deepEqual(client.take(), [{ id: 1, subscribe: {} }, { id: 2, subscribe: {} }]);
});

Deno.test("Connection that closes during a subscribe leaves no subscriber behind", async () => {
  const { factory, release } = slowBackend();
  await using test = new TestNode({ backend: factory });
  const client = await test.connected();
  await client.send({ id: 1, subscribe: { channel: "a" } });
  client.listener.onClose(1006, "");
  release();
  await settle();
  assert.deepEqual([test.node.connections, client.take()], [0, []]);
  const { channel } = test.node.session.channels.join("default", "a");
  assert.equal(channel.subscribers.size, 0);
});

Deno.test("Connection shows a handler's ClientError, and hides and logs anything else", async () => {
  await using test = new TestNode({
    rpc: {
      refuse: () =>
        Promise.reject(new ClientError({ code: 450, message: "sold out", isTemporary: false, status: 409 })),
      crash: () => {
        throw new Error("secret detail");
      },
    },
  });
  const client = await test.connected();
  await client.send({ id: 1, rpc: { method: "refuse" } }, { id: 2, rpc: { method: "crash" } });
  const replies = client.take() as { id: number; error: { code: number; message: string } }[];
  const byId = new Map(replies.map((reply) => [reply.id, reply.error]));
  assert.deepEqual(byId.get(1), { code: 450, message: "sold out" });
  assert.deepEqual([byId.get(2)?.code, byId.get(2)?.message], [100, "internal server error"]);
  assert.match(test.logs.join(), /secret detail/);
});

Deno.test("Connection hands what a client sends to onMessage", async () => {
  const taken: unknown[] = [];
  await using test = new TestNode({ onMessage: (data) => taken.push(data) });
  const client = await test.connected();
  await client.send({ send: { data: { a: 1 } } });
  assert.deepEqual([taken, client.take()], [[{ a: 1 }], []]);
});

Deno.test("Connection keeps workspaces apart", async () => {
  await using test = new TestNode();
  const here = await test.connected("/acme/connection/websocket");
  const there = await test.connected("/other/connection/websocket");
  await here.send({ id: 2, subscribe: { channel: "c" } });
  await there.send({ id: 2, publish: { channel: "c", data: 1 } });
  assert.deepEqual(here.take(), [{ id: 2, subscribe: {} }]);
});

Deno.test("Connection with a key wants a token: 101 without, 3500 for a forged one", async () => {
  await using test = new TestNode({ config: { tokenHmacSecret: SECRET } });
  const none = test.client();
  await none.send({ id: 1, connect: {} });
  assert.equal((none.take() as { error: { code: number } }[])[0]?.error.code, 101);
  const forged = test.client();
  await forged.send({ id: 1, connect: { token: await mintToken(claims(), "x".repeat(32)) } });
  await until("the close", () => forged.socket.closed !== undefined);
  assert.equal(forged.socket.closed?.code, 3500);
  const unsigned = test.client();
  await unsigned.send({ id: 1, connect: { token: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9." } });
  await until("the close", () => unsigned.socket.closed !== undefined);
  assert.equal(unsigned.socket.closed?.code, 3500);
});

Deno.test("Connection with a good token knows its user, and answers what was sent before the reply", async () => {
  await using test = new TestNode({
    config: { tokenHmacSecret: SECRET, channel: { allowSubscribeForClient: true } },
  });
  const client = test.client();
  await client.send({ id: 1, connect: { token: await mintToken(claims(), SECRET) } }, {
    id: 2,
    subscribe: { channel: "c" },
  });
  await until("both replies", () => client.socket.messages.length === 2);
  const [reply, subscribed] = client.take() as { connect: { expires: boolean; ttl: number } }[];
  assert.deepEqual([reply?.connect.expires, subscribed], [true, { id: 2, subscribe: {} }]);
  assert.ok((reply?.connect.ttl ?? 0) > 3500, `ttl ${reply?.connect.ttl}`);
});

Deno.test("Connection refuses an expired token with 109, a subscription token, and another workspace's", async () => {
  await using test = new TestNode({ config: { tokenHmacSecret: SECRET } });
  const expired = test.client();
  await expired.send({ id: 1, connect: { token: await mintToken({ ...claims(), expiresAtS: 1 }, SECRET) } });
  await until("the reply", () => expired.socket.frames.length > 0);
  assert.equal((expired.take() as { error: { code: number } }[])[0]?.error.code, 109);
  const replayed = test.client();
  await replayed.send({ id: 1, connect: { token: await mintToken({ ...claims(), channel: "c" }, SECRET) } });
  await until("the close", () => replayed.socket.closed !== undefined);
  assert.equal(replayed.socket.closed?.code, 3500);
  const foreign = test.client("/acme/connection/websocket");
  await foreign.send({
    id: 1,
    connect: { token: await mintToken({ ...claims(), workspace: "other" }, SECRET) },
  });
  await until("the close", () => foreign.socket.closed !== undefined);
  assert.equal(foreign.socket.closed?.code, 3507);
});

Deno.test("Connection refreshes with a token of the same user only", async () => {
  await using test = new TestNode({ config: { tokenHmacSecret: SECRET } });
  const client = test.client();
  await client.send({ id: 1, connect: { token: await mintToken(claims(), SECRET) } });
  await until("the reply", () => client.socket.frames.length > 0);
  client.take();
  await client.send({
    id: 2,
    refresh: { token: await mintToken({ ...claims(), expiresAtS: nowS() + 7200 }, SECRET) },
  });
  await until("the reply", () => client.socket.frames.length > 0);
  const [reply] = client.take() as { refresh: { ttl: number } }[];
  assert.ok((reply?.refresh.ttl ?? 0) > 7100, `ttl ${reply?.refresh.ttl}`);
  await client.send({ id: 3, refresh: { token: await mintToken({ ...claims(), user: "mallory" }, SECRET) } });
  await until("the close", () => client.socket.closed !== undefined);
  assert.equal(client.socket.closed?.code, 3500);
});

Deno.test("Connection believes no token where nothing can verify it", async () => {
  await using test = new TestNode();
  const client = test.client();
  await client.send({ id: 1, connect: { token: await mintToken(claims(), SECRET) } });
  await until("the close", () => client.socket.closed !== undefined);
  assert.equal(client.socket.closed?.code, 3500);
});

Deno.test("Connection bounds what is sent while its token is checked", async () => {
  await using test = new TestNode({ config: { tokenHmacSecret: SECRET, pendingConnectBytes: 1024 } });
  const client = test.client();
  client.listener.onMessage(JSON.stringify({ id: 1, connect: { token: await mintToken(claims(), SECRET) } }));
  for (let i = 0; i < 40; i++) {
    client.listener.onMessage(JSON.stringify({ id: 2, ping: {}, pad: "x".repeat(40) }));
  }
  assert.equal(client.socket.closed?.code, 3501);
});

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}

function claims() {
  return { user: "u1", issuedAtS: nowS(), expiresAtS: nowS() + 3600 };
}

import assert from "node:assert/strict";
import { memoryBackend, MemoryHub } from "../../backend/memory/mod.ts";
import type { BackendFactory } from "../../backend/backend.ts";
import type { ConfigOptions } from "../../config/mod.ts";
import { ClientError } from "../../core/errors.ts";
import { decodeOrder, encodeOrder, type Order } from "../../protocol/order.ts";
import { type FakeClient, settle } from "../../testing/fake_socket.ts";
import { TestNode } from "../../testing/test_node.ts";
import { until } from "../../testing/waiting.ts";
import { mintToken, type TokenClaims } from "../tokens/mod.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

/** Two nodes of one cluster. */
class Pair implements AsyncDisposable {
  readonly one: TestNode;
  readonly two: TestNode;

  constructor(config: ConfigOptions = {}) {
    const hub = new MemoryHub();
    const options = { config: { tokenHmacSecret: SECRET, ...config }, backend: memoryBackend(hub) };
    this.one = new TestNode(options);
    this.two = new TestNode(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.one[Symbol.asyncDispose]();
    await this.two[Symbol.asyncDispose]();
  }
}

interface Joined extends FakeClient {
  readonly id: string;
}

async function join(test: TestNode, claims: Partial<TokenClaims> = {}): Promise<Joined> {
  const nowS = Math.floor(Date.now() / 1000);
  const token = await mintToken({ user: "bob", issuedAtS: nowS, expiresAtS: nowS + 600, ...claims }, SECRET);
  const client = test.client();
  await client.send({ id: 1, connect: { token } });
  await until("the reply", () => client.socket.frames.length > 0 || client.socket.closed !== undefined);
  const [reply] = client.take();
  return Object.assign(client, {
    id: String(Reflect.get(Object(Reflect.get(Object(reply), "connect")), "client")),
  });
}

function give(test: TestNode, target: { client?: string; user?: string; except?: string }, order: Order) {
  return test.node.session.reach.give({ workspace: "default", ...target }, order);
}

const disconnect: Order = { kind: "disconnect", code: 4501, reason: "banned" };

Deno.test("Reach.give() disconnects one client of another node with the code and reason given", async () => {
  await using pair = new Pair();
  const [bob, other] = [await join(pair.two), await join(pair.two)];
  assert.equal(await give(pair.one, { client: bob.id }, disconnect), 1);
  assert.deepEqual([bob.socket.closed, other.socket.closed], [{ code: 4501, reason: "banned" }, undefined]);
});

Deno.test("Reach.give() disconnects a user on all nodes, but for the connection that is excepted", async () => {
  await using pair = new Pair();
  const clients = [
    await join(pair.one),
    await join(pair.two),
    await join(pair.two),
    await join(pair.two, { user: "eve" }),
  ];
  assert.equal(await give(pair.one, { user: "bob", except: clients[1]?.id ?? "" }, disconnect), 2);
  assert.deepEqual(clients.map(({ socket }) => socket.closed?.code), [4501, undefined, 4501, undefined]);
});

Deno.test("Reach.give() rejects 404 when user and client do not match, or the workspace is another", async () => {
  await using pair = new Pair();
  const bob = await join(pair.two);
  const stranger = await join(pair.two, { workspace: "other" });
  const isNotFound = (error: unknown) => error instanceof ClientError && error.code === 404;
  await assert.rejects(give(pair.one, { client: bob.id, user: "eve" }, disconnect), isNotFound);
  await assert.rejects(give(pair.one, { client: stranger.id }, disconnect), isNotFound);
  await assert.rejects(give(pair.one, {}, disconnect), { code: 107 });
  assert.deepEqual([bob.socket.closed, stranger.socket.closed], [undefined, undefined]);
});

Deno.test("Reach.give() subscribes and unsubscribes a client, which is told by pushes and gets what is published", async () => {
  await using pair = new Pair();
  const bob = await join(pair.two);
  assert.equal(await give(pair.one, { user: "bob" }, { kind: "subscribe", channel: "news" }), 1);
  await pair.one.node.publish("news", 1);
  await settle();
  assert.deepEqual(bob.take(), [
    { push: { channel: "news", subscribe: {} } },
    { push: { channel: "news", pub: { data: 1 } } },
  ]);
  await assert.rejects(give(pair.one, { user: "bob" }, { kind: "subscribe", channel: "news" }), {
    code: 404,
  });
  const stop: Order = { kind: "unsubscribe", channel: "news", code: 2000, reason: "server unsubscribe" };
  assert.equal(await give(pair.one, { client: bob.id }, stop), 1);
  await pair.one.node.publish("news", 2);
  await settle();
  assert.deepEqual(bob.take(), [
    { push: { channel: "news", unsubscribe: { code: 2000, reason: "server unsubscribe" } } },
  ]);
  await assert.rejects(give(pair.one, { client: bob.id }, stop), { code: 404 });
});

Deno.test("Reach.give() to refresh moves the end of a connection, and closes 3005 when that is past", async () => {
  await using pair = new Pair();
  const bob = await join(pair.two);
  await give(pair.one, { client: bob.id }, { kind: "refresh", expireAtMs: Date.now() + 59_500 });
  await settle();
  assert.deepEqual(bob.take(), [{ push: { refresh: { expires: true, ttl: 60 } } }]);
  await give(pair.one, { client: bob.id }, { kind: "refresh", expireAtMs: null });
  await settle();
  assert.deepEqual(bob.take(), [{ push: { refresh: {} } }]);
  await give(pair.one, { client: bob.id }, { kind: "refresh", expireAtMs: Date.now() - 1 });
  assert.equal(bob.socket.closed?.code, 3005);
});

/** A memory backend that confirms the channel `default/slow` when the test says so. */
function hesitant() {
  const memory = memoryBackend(new MemoryHub());
  const asked: string[] = [];
  let confirm: () => void = () => {};
  const confirmed = new Promise<void>((resolve) => confirm = resolve);
  const backend: BackendFactory = (node, listener) => {
    const made = memory(node, listener);
    const subscribe = made.bus.subscribe.bind(made.bus);
    made.bus.subscribe = async (channel) => {
      await subscribe(channel);
      asked.push(channel);
      if (channel === "default/slow") await confirmed;
    };
    return made;
  };
  return { backend, asked, confirm };
}

Deno.test("connect with a token's channels answers them in subs, before anything that is published meanwhile", async () => {
  const { backend, asked, confirm } = hesitant();
  await using test = new TestNode({ backend, config: { tokenHmacSecret: SECRET } });
  const nowS = Math.floor(Date.now() / 1000);
  const claims = { user: "bob", issuedAtS: nowS, expiresAtS: nowS + 600, channels: ["fast", "slow"] };
  const client = test.client();
  await client.send({ id: 1, connect: { token: await mintToken(claims, SECRET) } }, { id: 2, ping: {} });
  await until("both channels are asked for", () => asked.length === 2);
  await test.node.publish("fast", 1);
  await test.node.publish("slow", 2);
  await settle();
  assert.deepEqual(client.take(), []);
  confirm();
  await settle();
  const [reply, ...rest] = client.take();
  assert.deepEqual(Reflect.get(Object(Reflect.get(Object(reply), "connect")), "subs"), {
    fast: {},
    slow: {},
  });
  assert.deepEqual(rest, [{ push: { channel: "fast", pub: { data: 1 } } }, { id: 2, ping: {} }]);
});

Deno.test("connect with more channels than a connection may have is closed 3505, with a wrong claim 3500", async () => {
  await using pair = new Pair({ maxChannelsPerConnection: 1 });
  const crowded = await join(pair.two, { channels: ["a", "b"] });
  assert.equal(crowded.socket.closed?.code, 3505);
  const wrong = await join(pair.two, { channels: [7] as unknown as string[] });
  assert.equal(wrong.socket.closed?.code, 3500);
});

Deno.test("decodeOrder() reads back what encodeOrder() packed and refuses anything else with 107", () => {
  const envelope = {
    target: { workspace: "w", user: "u\n" },
    order: { kind: "message" as const },
    data: '"a\nb"',
  };
  assert.deepEqual(decodeOrder(encodeOrder(envelope)), envelope);
  for (const text of ["", "{}", "{}\n", '{"target":{"workspace":"w"},"order":{"kind":"x"}}\n', "no\n"]) {
    assert.throws(() => decodeOrder(text), { code: 107 }, text);
  }
});

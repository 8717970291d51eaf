/** Channels of a whole node in memory: what a client is sent when deliveries go missing, or it does not read. */
import assert from "node:assert/strict";
import type { BackendFactory, BackendListener, BackendState } from "../backend/backend.ts";
import { memoryBackend, MemoryHub } from "../backend/memory/mod.ts";
import type { ConfigOptions } from "../config/mod.ts";
import { ClientError } from "../core/errors.ts";
import { encodePositioned, encodePublication } from "../protocol/envelope.ts";
import { type FakeClient, settle } from "../testing/fake_socket.ts";
import { TestNode } from "../testing/test_node.ts";
import { until } from "../testing/waiting.ts";
import { openSubscription } from "./subscribing.ts";

const namespaces: ConfigOptions["namespaces"] = [
  { name: "drop", slowPolicy: "drop_oldest" },
  { name: "last", slowPolicy: "conflate" },
  { name: "few", maxSubscribers: 1, publishRate: 2 },
  { name: "tiny", historySize: 100, forceRecovery: true },
  { name: "people", presence: true },
];

/** A backend on whose bus the test can lose messages and say that it was lost. */
class LossyBackend {
  isLosing = false;
  listener: BackendListener | undefined;
  readonly factory: BackendFactory;

  constructor() {
    const memory = memoryBackend(new MemoryHub());
    this.factory = (node, listener) => {
      this.listener = listener;
      return memory(node, {
        onChannelMessage: (channel, message) => {
          if (!this.isLosing) listener.onChannelMessage(channel, message);
        },
        onNodeMessage: (message) => listener.onNodeMessage(message),
        onState: (state) => listener.onState(state),
      });
    };
  }

  tell(state: BackendState): void {
    this.listener?.onState(state);
  }
}

interface Message {
  readonly id?: number;
  readonly error?: { readonly code: number };
  readonly subscribe?: Record<string, unknown>;
  readonly push?: {
    readonly channel?: string;
    readonly pub?: { readonly data: unknown; readonly offset?: number };
    readonly unsubscribe?: { readonly code: number };
  };
  readonly [field: string]: unknown;
}

function take(client: FakeClient): Message[] {
  return client.take() as Message[];
}

/** A node whose first beat was acknowledged, so that it may write presence. */
async function started(backend?: BackendFactory, config: ConfigOptions = {}): Promise<TestNode> {
  const test = new TestNode({ config: { namespaces, ...config }, ...(backend && { backend }) });
  test.node.start("127.0.0.1:1");
  await until("ready", () => test.node.readiness.isReady);
  return test;
}

async function subscribe(client: FakeClient, channel: string, request = {}): Promise<Message> {
  await client.send({ id: 9, subscribe: { channel, ...request } });
  let found: Message | undefined;
  await until("the subscribe is answered", () => {
    found = take(client).find(({ id }) => id === 9) ?? found;
    return found !== undefined;
  });
  return found as Message; // until() saw it
}

Deno.test("a subscriber whose channel jumps gets unsubscribe 2500, and others of other channels nothing", async () => {
  const lossy = new LossyBackend();
  await using test = await started(lossy.factory);
  const client = await test.connected();
  assert.equal((await subscribe(client, "durable:a")).subscribe?.positioned, true);
  await subscribe(client, "durable:b");
  lossy.isLosing = true;
  await test.node.publish("durable:a", 1);
  await settle();
  lossy.isLosing = false;
  await test.node.publish("durable:a", 2);
  await test.node.publish("durable:b", 1);
  await settle();
  const pushes = take(client).map(({ push }) => push);
  assert.deepEqual(pushes.map((push) => [push?.channel, push?.unsubscribe?.code, push?.pub?.data]), [
    ["durable:a", 2500, undefined],
    ["durable:b", undefined, 1],
  ]);
  assert.equal(test.node.traffic.positionsLost, 1);
  const again = await subscribe(client, "durable:a", { recover: true, offset: 0 });
  assert.equal(again.subscribe?.recovered, true);
  assert.deepEqual(
    again.subscribe?.publications,
    [{ data: 1, offset: 1 }, { data: 2, offset: 2 }].map(
      (wanted, at) => ({ ...wanted, time: Reflect.get(Object(again.subscribe?.publications), at).time }),
    ),
  );
});

Deno.test("a subscriber that starts over after 2500 is not told to have left", async () => {
  const lossy = new LossyBackend();
  await using test = await started(lossy.factory);
  const [client, watcher] = [await test.connected(), await test.connected()];
  await subscribe(client, "durable:a");
  await subscribe(watcher, "durable:a", { join_leave: true });
  take(watcher);
  const foreign = encodePositioned("foreign", 1, encodePublication("1", ""));
  lossy.listener?.onChannelMessage("default/durable:a", foreign);
  await settle();
  await subscribe(watcher, "durable:a", { join_leave: true });
  assert.equal((await subscribe(client, "durable:a")).error, undefined);
  await settle();
  assert.equal((await test.node.session.backend.presence.stats("default/durable:a")).clients, 2);
  assert.deepEqual(take(watcher).filter(({ push }) => push !== undefined), []);
});

Deno.test("a subscriber whose next try fails before it began is still present", async () => {
  const lossy = new LossyBackend();
  await using test = await started(lossy.factory, { unsubscribeDelayMs: 0 });
  const client = await test.connected();
  await subscribe(client, "durable:a");
  const foreign = encodePositioned("foreign", 1, encodePublication("1", ""));
  lossy.listener?.onChannelMessage("default/durable:a", foreign);
  const { bus, presence } = test.node.session.backend;
  await until("the channel is given up", () => bus.subscriptions().desired === 0);
  const wasSubscribe = bus.subscribe.bind(bus);
  bus.subscribe = () => Promise.reject(new ClientError("internal"));
  assert.equal((await subscribe(client, "durable:a")).error?.code, 100);
  assert.equal((await presence.stats("default/durable:a")).clients, 1);
  bus.subscribe = wasSubscribe;
  assert.equal((await subscribe(client, "durable:a")).error, undefined);
  assert.equal((await presence.stats("default/durable:a")).clients, 1);
});

Deno.test("a subscriber is told of another epoch at its first publication", async () => {
  const lossy = new LossyBackend();
  await using test = await started(lossy.factory);
  const client = await test.connected();
  await subscribe(client, "durable:a");
  const message = encodePositioned("foreign", 1, encodePublication("1", ""));
  lossy.listener?.onChannelMessage("default/durable:a", message);
  await settle();
  assert.deepEqual(take(client).map(({ push }) => push?.unsubscribe?.code), [2500]);
});

Deno.test("a server-side subscription out of position closes its connection with 3010", async () => {
  const lossy = new LossyBackend();
  await using test = await started(lossy.factory);
  const client = await test.connected();
  const [connection] = test.node.session.connections.all();
  assert.ok(connection);
  const answers: string[] = [];
  await openSubscription(connection, "durable:mine", {}, {
    isServerSide: true,
    answer: (result) => answers.push(result),
  });
  assert.equal(answers.length, 1);
  lossy.isLosing = true;
  await test.node.publish("durable:mine", 1);
  await settle();
  lossy.isLosing = false;
  await test.node.publish("durable:mine", 2);
  await settle();
  assert.equal(client.socket.closed?.code, 3010);
});

Deno.test("a quiet channel that lost its last publication is found out by itself", async () => {
  const lossy = new LossyBackend();
  await using test = await started(lossy.factory, { positionCheckIntervalMs: 200 });
  const client = await test.connected();
  await subscribe(client, "durable:a");
  lossy.isLosing = true;
  await test.node.publish("durable:a", 1);
  await until("unsubscribe 2500", () => client.socket.frames.join().includes("2500"));
});

Deno.test("what was lost while the backend was away is found out when it is back", async () => {
  const lossy = new LossyBackend();
  await using test = await started(lossy.factory);
  const client = await test.connected();
  for (const name of ["a", "b"]) await subscribe(client, `durable:${name}`);
  lossy.isLosing = true;
  await test.node.publish("durable:a", 1);
  lossy.tell("lost");
  lossy.isLosing = false;
  lossy.tell("ready");
  await until("unsubscribe 2500", () => client.socket.frames.join().includes("2500"));
  assert.deepEqual(take(client).filter(({ push }) => push).map(({ push }) => push?.channel), ["durable:a"]);
});

/** A memory backend whose history answers when the test lets it: at once (`before`), or after it was asked again. */
function slowHistory(): { readonly factory: BackendFactory; readonly release: () => void } {
  const memory = memoryBackend(new MemoryHub());
  const waiting: (() => void)[] = [];
  const factory: BackendFactory = (node, listener) => {
    const backend = memory(node, listener);
    const read = backend.history.read.bind(backend.history);
    backend.history.read = async (channel, filter) => {
      const page = await read(channel, filter);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return page;
    };
    return backend;
  };
  return { factory, release: () => waiting.splice(0).forEach((resolve) => resolve()) };
}

Deno.test("what is published while a history is read follows the answer, once and without a jump", async () => {
  const { factory, release } = slowHistory();
  await using test = await started(factory);
  const client = await test.connected();
  await test.node.publish("durable:a", 1);
  await client.send({ id: 2, subscribe: { channel: "durable:a", recover: true, epoch: "", offset: 0 } });
  // The first read learns the epoch, the second what was missed.
  release();
  await settle();
  await test.node.publish("durable:a", 2);
  await test.node.publish("durable:a", 3);
  await settle();
  release();
  await settle();
  await test.node.publish("durable:a", 4);
  await settle();
  const [answer, ...pushes] = take(client);
  const recovered = Reflect.get(Object(answer?.subscribe), "publications");
  assert.deepEqual([answer?.id, answer?.subscribe?.recovered, recovered?.length], [2, true, 1]);
  assert.deepEqual(pushes.map(({ push }) => push?.pub?.offset), [2, 3, 4]);
});

Deno.test("many subscribers of one channel share a few reads of its history", async () => {
  const { factory, release } = slowHistory();
  await using test = await started(factory);
  const { history } = test.node.session.backend;
  const read = history.read.bind(history);
  let reads = 0;
  history.read = (channel, filter) => {
    reads++;
    return read(channel, filter);
  };
  const clients = await Promise.all(Array.from({ length: 50 }, () => test.connected()));
  const subscribed = clients.map((client) => client.send({ id: 2, subscribe: { channel: "durable:a" } }));
  for (let round = 0; round < 3; round++) {
    await settle();
    release();
  }
  await Promise.all(subscribed);
  const answered =
    clients.filter((client) => take(client).some(({ subscribe }) => subscribe?.recoverable === true)).length;
  assert.deepEqual([answered, reads], [50, 2]);
});

Deno.test("a recovery larger than half of the outbox is told as not recovered, or as 112", async () => {
  await using test = await started(undefined, { outboxBytes: 16_384, maxMessageBytes: 16_384 });
  const client = await test.connected();
  for (let i = 0; i < 10; i++) await test.node.publish("tiny:a", "x".repeat(1_000));
  const { subscribe: large } = await subscribe(client, "tiny:a", { recover: true, offset: 1 });
  assert.deepEqual([large?.recovered, large?.was_recovering, large?.offset], [undefined, true, 10]);
  await client.send({ id: 3, unsubscribe: { channel: "tiny:a" } });
  const refused = await subscribe(client, "tiny:a", { recover: true, offset: 1, flag: 2 });
  assert.equal(refused.error?.code, 112);
  const small = await subscribe(client, "tiny:a", { recover: true, offset: 5 });
  assert.equal(small.subscribe?.recovered, true);
});

Deno.test("presence is gone after unsubscribe and after the end of a connection", async () => {
  await using test = await started();
  const [one, two] = [await test.connected(), await test.connected()];
  await subscribe(one, "people:a");
  await subscribe(two, "people:a");
  const count = async () => (await test.node.session.backend.presence.stats("default/people:a")).clients;
  assert.equal(await count(), 2);
  await one.send({ id: 3, unsubscribe: { channel: "people:a" } });
  await until("one left", async () => await count() === 1);
  two.listener.onClose(1000, "");
  await until("both left", async () => await count() === 0);
});

Deno.test("max_subscribers and publish_rate hold", async () => {
  await using test = await started();
  const [one, two] = [await test.connected(), await test.connected()];
  assert.equal((await subscribe(one, "few:a")).error, undefined);
  assert.equal((await subscribe(two, "few:a")).error?.code, 106);
  assert.equal((await subscribe(two, "few:b")).error, undefined);
  await two.send(...[1, 2, 3].map((n) => ({ id: n, publish: { channel: "few:b", data: n } })));
  const replies = take(two).filter(({ id }) => id !== undefined);
  assert.deepEqual(replies.map(({ id, error }) => [id, error?.code]).sort(), [
    [1, undefined],
    [2, undefined],
    [3, 111],
  ]);
});

Deno.test("a slow subscriber is closed, or loses the oldest, or keeps the latest, by its channel's policy", async () => {
  await using test = await started(undefined, { outboxBytes: 65_536 });
  const publish = async (channel: string) => {
    for (let i = 0; i < 100; i++) {
      await test.node.publish(channel, { i, text: "x".repeat(1_000) }, { key: "k" });
    }
  };
  const kept: Record<string, number[]> = {};
  for (const channel of ["plain", "drop:a", "last:a"]) {
    const client = await test.connected();
    const reader = await test.connected();
    for (const each of [client, reader]) await subscribe(each, channel);
    client.socket.bufferedAmount = 65_000;
    await publish(channel);
    await settle();
    const isClosed = client.socket.closed?.code === 3008;
    assert.equal(isClosed, channel === "plain", channel);
    // Who reads gets everything, whatever became of the other.
    assert.equal(take(reader).length, 100, channel);
    if (isClosed) continue;
    client.socket.bufferedAmount = 0;
    await until("the latest", () => client.socket.frames.join().includes('"i":99'));
    kept[channel] = take(client).flatMap(({ push }) =>
      push?.pub ? [Number(Reflect.get(Object(push.pub.data), "i"))] : []
    );
  }
  assert.deepEqual(kept["last:a"], [99]);
  const dropped = kept["drop:a"] ?? [];
  assert.deepEqual(dropped, Array.from({ length: dropped.length }, (_, i) => 100 - dropped.length + i));
  assert.ok(dropped.length >= 10 && dropped.length <= 16, String(dropped.length));
  const { traffic } = test.node;
  assert.deepEqual([traffic.publicationsDropped, traffic.publicationsConflated], [100 - dropped.length, 99]);
});

Deno.test("a burst in a large channel reaches every kind of subscriber whole and in order", async () => {
  await using test = await started(undefined, {
    namespaces: [...namespaces, { name: "big", historySize: 5_000, forcePositioning: true, delta: true }],
  });
  const kinds = [{ channel: "plain" }, { channel: "big:positioned" }, {
    channel: "big:positioned",
    delta: "fossil",
  }];
  const clients: FakeClient[] = [];
  for (let i = 0; i < 450; i++) {
    const client = await test.connected();
    client.listener.onMessage(JSON.stringify({ id: 9, subscribe: kinds[i % 3] }));
    clients.push(client);
  }
  await settle();
  clients.forEach((client) => client.socket.frames.splice(0));
  const count = 3_000;
  for (let i = 0; i < count; i++) {
    void test.node.publish("plain", i);
    void test.node.publish("big:positioned", i);
    if (i % 10 === 0) await settle();
  }
  const gotBy = (client: FakeClient) =>
    (client.socket.messages as Message[]).flatMap(({ push }) => (push?.pub ? [push.pub.data] : []));
  const oneOfEachKind = clients.slice(-3);
  await until(
    "the last three got the last",
    () => oneOfEachKind.every((client) => gotBy(client).length === count),
  );
  for (const [i, client] of clients.entries()) {
    assert.deepEqual(gotBy(client).map(Number), Array.from({ length: count }, (_, at) => at), `client ${i}`);
  }
  const longest = Math.max(...clients.map(({ socket }) => Math.max(...socket.frames.map(linesOf))));
  assert.ok(longest > 20, "the channels rested");
});

function linesOf(frame: string): number {
  return frame.split("\n").length;
}

/** History, recovery, presence, deltas and filters as the official JavaScript client sees them, on two nodes. */
import assert from "node:assert/strict";
import type { ShoalNode } from "../src/mod.ts";
import type { ConfigOptions } from "../src/config/mod.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient, type SdkSubscription } from "../src/testing/sdk_client.ts";
import { pause, until } from "../src/testing/processes.ts";
import { type NodePair, openPair } from "./node_pair.ts";

const CONFIG: ConfigOptions = {
  namespaces: [
    { name: "short", historySize: 3, forceRecovery: true },
    { name: "plain", historySize: 10 },
    { name: "delta", delta: true },
  ],
};

/** Numbers from `first` to `last`. */
function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

async function publishAll(node: ShoalNode, channel: string, data: readonly unknown[]): Promise<void> {
  for (const each of data) await node.publish(channel, each);
}

/** Breaks the connection and comes back after `during`. */
async function away(client: SdkClient, during: () => Promise<void>): Promise<void> {
  client.centrifuge.disconnect();
  await during();
  client.centrifuge.connect();
}

function offsetsOf({ publications }: SdkSubscription): (number | undefined)[] {
  return publications.map(({ offset }) => offset);
}

async function useChannels(t: Deno.TestContext, { one: a, two: b }: NodePair): Promise<void> {
  await t.step(
    "a subscriber who was away gets what it missed, once and in order, from another node",
    async () => {
      using client = await SdkClient.open(a.url);
      const room = await client.subscribe("durable:away");
      const first = await room.answered(1);
      assert.deepEqual([first.recoverable, first.positioned, first.wasRecovering], [true, true, false]);
      await publishAll(b, "durable:away", numbers(1, 5));
      await room.received((data) => data === 5);
      await away(client, () => publishAll(b, "durable:away", numbers(6, 30)));
      const second = await room.answered(2);
      assert.deepEqual([second.wasRecovering, second.recovered], [true, true]);
      await publishAll(b, "durable:away", [31]);
      await room.received((data) => data === 31);
      assert.deepEqual(room.data, numbers(1, 31));
      assert.deepEqual(offsetsOf(room), numbers(1, 31));
    },
  );

  await t.step("subscribers that come and go under load miss and repeat nothing", async () => {
    const clients = await Promise.all([a, b, a, b].map(({ url }) => SdkClient.open(url)));
    try {
      const rooms = await Promise.all(clients.map((client) => client.subscribe("durable:load")));
      let sent = 0;
      const publishing = Promise.all([a, b].map(async (node, at) => {
        for (let i = at; i < 400; i += 2, sent++) await node.publish("durable:load", i);
      }));
      for (let round = 0; round < 5; round++) {
        await Promise.all(clients.map((client, at) => away(client, () => pause(at * 5))));
        await Promise.all(rooms.map((room) => room.answered(round + 2)));
      }
      await publishing;
      assert.equal(sent, 400);
      await publishAll(a, "durable:load", ["end"]);
      await Promise.all(rooms.map((room) => room.received((data) => data === "end")));
      for (const room of rooms) assert.deepEqual(offsetsOf(room), numbers(1, 401));
      assert.ok(rooms.every(({ answers }) => answers.slice(1).every(({ recovered }) => recovered)));
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  });

  await t.step("who missed more than the history holds is told so and gets none of it", async () => {
    using client = await SdkClient.open(a.url);
    const room = await client.subscribe("short:room");
    await publishAll(a, "short:room", [1]);
    await room.received((data) => data === 1);
    await away(client, () => publishAll(b, "short:room", numbers(2, 5)));
    const answer = await room.answered(2);
    assert.deepEqual([answer.wasRecovering, answer.recovered], [true, false]);
    await publishAll(b, "short:room", [6]);
    await room.received((data) => data === 6);
    assert.deepEqual(room.data, [1, 6]);
    await away(client, () => publishAll(b, "short:room", numbers(7, 9)));
    assert.equal((await room.answered(3)).recovered, true);
    await room.received((data) => data === 9);
    assert.deepEqual(room.data, [1, 6, 7, 8, 9]);
  });

  await t.step("a position of another epoch is not recovered from", async () => {
    using client = await SdkClient.open(a.url);
    await publishAll(a, "durable:epoch", numbers(1, 3));
    const room = await client.subscribe("durable:epoch", { since: { epoch: "foreign", offset: 1 } });
    const answer = await room.answered(1);
    assert.deepEqual([answer.wasRecovering, answer.recovered], [true, false]);
    assert.equal(answer.streamPosition?.offset, 3);
    assert.notEqual(answer.streamPosition?.epoch, "foreign");
  });

  await t.step("history is paged forwards, backwards and from a position", async () => {
    using client = await SdkClient.open(b.url);
    await publishAll(a, "plain:pages", numbers(1, 12));
    const top = await client.centrifuge.history("plain:pages", {});
    assert.deepEqual([top.publications, top.offset], [[], 12]);
    const all = await client.centrifuge.history("plain:pages", { limit: -1 });
    assert.deepEqual(all.publications.map(({ data }) => data), numbers(3, 12));
    const page = await client.centrifuge.history("plain:pages", {
      limit: 2,
      since: { epoch: top.epoch, offset: 5 },
    });
    assert.deepEqual(page.publications.map(({ data, offset }) => [data, offset]), [[6, 6], [7, 7]]);
    const back = await client.centrifuge.history("plain:pages", { limit: 2, reverse: true });
    assert.deepEqual(back.publications.map(({ data }) => data), [12, 11]);
    const foreign = client.centrifuge.history("plain:pages", { limit: 1, since: { epoch: "x", offset: 1 } });
    await assert.rejects(foreign, { code: 112 });
  });

  await t.step("presence counts clients of both nodes, and joins and leaves are told once", async () => {
    using alice = await SdkClient.open(a.url);
    const atAlice = await alice.subscribe("durable:people", { joinLeave: true });
    await atAlice.step(`join ${alice.ids[0]}`);
    const bob = await SdkClient.open(b.url);
    await bob.subscribe("durable:people");
    await atAlice.step(`join ${bob.ids[0]}`);
    const { clients } = await alice.centrifuge.presence("durable:people");
    assert.deepEqual(Object.keys(clients).sort(), [alice.ids[0], bob.ids[0]].sort());
    assert.deepEqual(await bob.centrifuge.presenceStats("durable:people"), { numClients: 2, numUsers: 1 });
    bob[Symbol.dispose]();
    await atAlice.step(`leave ${bob.ids[0]}`);
    assert.equal((await alice.centrifuge.presenceStats("durable:people")).numClients, 1);
    assert.equal(atAlice.steps.filter((step) => /^(join|leave)/.test(step)).length, 3);
  });

  await t.step("who did not ask is not told of joins", async () => {
    using alice = await SdkClient.open(a.url);
    const atAlice = await alice.subscribe("durable:quiet");
    using bob = await SdkClient.open(b.url);
    await bob.subscribe("durable:quiet");
    await publishAll(b, "durable:quiet", ["marker"]);
    await atAlice.received((data) => data === "marker");
    assert.deepEqual(atAlice.steps.filter((step) => step.startsWith("join")), []);
  });

  await t.step("a namespace without history, presence or permission says 108", async () => {
    using client = await SdkClient.open(a.url);
    await assert.rejects(client.centrifuge.presence("plain:x"), { code: 108 });
    await assert.rejects(client.centrifuge.history("delta:x", { limit: 1 }), { code: 108 });
  });

  for (const channel of ["delta:doc", "durable:doc"]) {
    await t.step(`${channel}: differences are put together by the client, after a recovery too`, async () => {
      using client = await SdkClient.open(a.url);
      using plain = await SdkClient.open(a.url);
      const room = await client.subscribe(channel, { delta: "fossil" });
      const whole = await plain.subscribe(channel);
      const sent = numbers(1, 12).map((n) => ({ text: `${"lorem ipsum é 😀 dolor ".repeat(20)}${n}`, n }));
      await publishAll(b, channel, sent.slice(0, 4));
      await room.received((data) => Reflect.get(Object(data), "n") === 4);
      await away(client, () => channel === "delta:doc" ? pause(0) : publishAll(b, channel, sent.slice(4, 8)));
      await room.answered(2);
      await publishAll(b, channel, sent.slice(8));
      await room.received((data) => Reflect.get(Object(data), "n") === 12);
      const wanted = channel === "delta:doc" ? [...sent.slice(0, 4), ...sent.slice(8)] : sent;
      assert.deepEqual(room.data, wanted);
      await whole.received((data) => Reflect.get(Object(data), "n") === 12);
      assert.deepEqual(whole.data, wanted);
      const { numDeltaPayloads, numFullPayloads } = room.subscription.deltaStats();
      assert.ok(numDeltaPayloads >= 6 && numFullPayloads <= 3, `${numDeltaPayloads}, ${numFullPayloads}`);
    });
  }

  await t.step("a filter lets through what its tags say, when recovering too", async () => {
    using client = await SdkClient.open(a.url);
    const tagsFilter = { key: "ticker", cmp: "in" as const, vals: ["BTC", "ETH"] };
    const room = await client.subscribe("durable:ticks", { tagsFilter });
    const tick = (ticker: string, n: number) =>
      b.publish("durable:ticks", { ticker, n }, { tags: { ticker } });
    for (const [n, ticker] of ["BTC", "SOL", "ETH"].entries()) await tick(ticker, n);
    await b.publish("durable:ticks", { n: 3 });
    await tick("BTC", 4);
    await room.received((data) => Reflect.get(Object(data), "n") === 4);
    await away(client, async () => {
      for (const [n, ticker] of ["SOL", "ETH", "SOL"].entries()) await tick(ticker, n + 5);
    });
    await room.answered(2);
    await tick("BTC", 8);
    await room.received((data) => Reflect.get(Object(data), "n") === 8);
    assert.deepEqual(room.data.map((data) => Reflect.get(Object(data), "n")), [0, 2, 4, 6, 8]);
    assert.deepEqual(room.publications.at(-1)?.tags, { ticker: "BTC" });
  });

  await t.step("a repeated idempotency key is told its first position and reaches nobody", async () => {
    using client = await SdkClient.open(a.url);
    const room = await client.subscribe("durable:once");
    const first = await a.publish("durable:once", 1, { idempotencyKey: "k" });
    const again = await b.publish("durable:once", 1, { idempotencyKey: "k" });
    assert.deepEqual(again, first);
    assert.equal(first?.offset, 1);
    await a.publish("durable:once", "fleeting", { skipHistory: true });
    await publishAll(b, "durable:once", [2]);
    await room.received((data) => data === 2);
    assert.deepEqual(room.data, [1, "fleeting", 2]);
    await assert.rejects(a.publish("nothing-kept", 1, { idempotencyKey: "k" }), { code: 107 });
  });
}

Deno.test("channels keep their promises over memory", async (t) => {
  await using pair = await openPair(CONFIG);
  await useChannels(t, pair);
});

Deno.test("channels keep their promises over Redis", async (t) => {
  await using redis = await RedisServer.open();
  await using pair = await openPair({ ...CONFIG, redisUrl: redis.url });
  await useChannels(t, pair);
  await t.step("presence comes back after Redis has forgotten everything, without joins", async () => {
    using alice = await SdkClient.open(pair.one.url);
    const room = await alice.subscribe("durable:flush", { joinLeave: true });
    await room.step(`join ${alice.ids[0]}`);
    await redis.flush();
    const present = async () => (await alice.centrifuge.presenceStats("durable:flush")).numClients === 1;
    await until("alice is back", present, 5_000);
    assert.deepEqual(room.steps.filter((step) => step.startsWith("join")).length, 1);
    using bob = await SdkClient.open(pair.two.url);
    const atBob = await bob.subscribe("durable:flush", { joinLeave: true });
    alice[Symbol.dispose]();
    await atBob.step(`leave ${alice.ids[0]}`);
  });
});

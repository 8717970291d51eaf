import assert from "node:assert/strict";
import type { StreamPosition } from "../../backend/backend.ts";
import { decodePositioned, encodePositioned, type PositionedEnvelope } from "../../protocol/envelope.ts";
import { pause } from "../waiting.ts";
import { AWKWARD_CHANNELS, AWKWARD_MESSAGES } from "./bus.ts";
import { ALL, filled, LIMITS, offsetsOf, stored } from "./history_kit.ts";
import {
  type ContractTest,
  eventually,
  isTemporary,
  type NamedNode,
  numbers,
  openNodes,
  published,
  type TestNode,
} from "./kit.ts";

/** What `node` got on `channel`; fails on a message without a position. */
function positioned({ listener }: TestNode, channel: string): PositionedEnvelope[] {
  return listener.on(channel).map((text) => {
    const envelope = decodePositioned(text);
    assert.ok(envelope, `${text.slice(0, 40)} has no position`);
    return envelope;
  });
}

async function subscribed(channel: string, ...nodes: readonly NamedNode[]): Promise<void> {
  await Promise.all(nodes.map((each) => each.backend.bus.subscribe(channel)));
}

/** What {@linkcode History} promises of publishing. */
const publishTests: readonly ContractTest[] = [
  {
    says:
      "history.publish() counts offsets from 1 and delivers positioned messages in order on several nodes",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await subscribed("room", a, b);
      const epoch = await filled(c, "room", 500);
      assert.match(epoch, /^[a-z0-5]{8}$/);
      const wanted = numbers(500).map((text) => {
        const offset = Number(text) + 1;
        return encodePositioned(epoch, offset, String(offset));
      });
      for (const node of [a, b]) {
        await node.listener.until("500 messages", () => node.listener.messages.length >= 500);
        assert.deepEqual(node.listener.on("room"), wanted);
      }
      assert.deepEqual(c.listener.messages, []);
    },
  },
  {
    says: "history.publish() of two nodes at once gives one order to all, and each its own position",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await subscribed("room", a, b);
      const pending = numbers(200).flatMap((text) =>
        [a, b].map((node) => stored(node, "room", node.id + text))
      );
      const positions = await Promise.all(pending);
      const [first] = positions;
      assert.ok(first);
      for (const { listener } of [a, b]) {
        await listener.until("400 messages", () => listener.messages.length >= 400);
      }
      const got = positioned(a, "room");
      assert.deepEqual(positioned(b, "room"), got);
      assert.deepEqual(got.map((each) => each.offset), numbers(400).map((text) => Number(text) + 1));
      for (const [i, { offset, epoch }] of positions.entries()) {
        const text: string = (i % 2 === 0 ? a : b).id + Math.floor(i / 2);
        assert.deepEqual(got[offset - 1], { offset, epoch: first.epoch, message: text });
        assert.equal(epoch, first.epoch);
      }
      const page = await b.backend.history.read("room", ALL);
      assert.deepEqual(page.messages, got.map(({ offset, message }) => ({ offset, message })));
    },
  },
  {
    says: "history.publish() and bus.publish() keep, per channel, one order of done and of delivery",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await subscribed("room", a, b);
      const order: number[] = [];
      const counts = new Map<string, number>();
      const wrong: string[] = [];
      const all = Promise.withResolvers<void>();
      const onDone = (i: number, error: Error | undefined) => {
        if (error) wrong.push(`${i} failed: ${error.message}`);
        if (order.push(i) === 600) all.resolve();
      };
      for (let i = 0; i < 600; i++) {
        const channel = i % 5 === 4 ? "unheard" : "room";
        if (i % 3 === 0) a.backend.bus.publish(channel, String(i), (error) => onDone(i, error));
        else {
          const offset = (counts.get(channel) ?? 0) + 1;
          counts.set(channel, offset);
          a.backend.history.publish(channel, String(i), LIMITS, (error, position) => {
            if (position?.offset !== offset) wrong.push(`${i} is at ${position?.offset}, not at ${offset}`);
            onDone(i, error);
          });
        }
      }
      assert.deepEqual(order, [], "done was called inside publish()");
      await published(a, "room", "last");
      await all.promise;
      for (const isUnheard of [false, true]) {
        const isHere = (i: number) => (i % 5 === 4) === isUnheard;
        assert.deepEqual(order.filter(isHere), numbers(600).map(Number).filter(isHere));
      }
      assert.deepEqual(wrong, []);
      const wanted = [...numbers(600).filter((text) => Number(text) % 5 !== 4), "last"];
      for (const { listener } of [a, b]) {
        await listener.until("the last", () => listener.messages.length >= wanted.length);
        const texts = listener.on("room").map((text) => decodePositioned(text)?.message ?? text);
        assert.deepEqual(texts, wanted);
      }
    },
  },
  {
    says: "history.publish() never calls the listener or done synchronously",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await subscribed("room", a);
      let isDone = false;
      a.backend.history.publish("room", "x", LIMITS, () => isDone = true);
      assert.equal(isDone, false);
      assert.deepEqual(a.listener.messages, []);
      await a.listener.until("x", () => a.listener.messages.length > 0);
    },
  },
  {
    says: "history.publish() keeps channels apart: each counts for itself",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await filled(a, "room", 3);
      await filled(a, "rooms", 2);
      assert.deepEqual(offsetsOf(await a.backend.history.read("room", ALL)), [1, 2, 3]);
      assert.deepEqual(offsetsOf(await a.backend.history.read("rooms", ALL)), [1, 2]);
    },
  },
  {
    says: "history.publish() keeps awkward channels apart and awkward, 64 KiB and 1 MiB messages unharmed",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all(AWKWARD_CHANNELS.map((channel) => b.backend.bus.subscribe(channel)));
      for (const channel of AWKWARD_CHANNELS) assert.equal((await stored(a, channel, channel)).offset, 1);
      await b.listener.until("all", () => b.listener.messages.length >= AWKWARD_CHANNELS.length);
      for (const channel of AWKWARD_CHANNELS) {
        assert.deepEqual(positioned(b, channel).map((each) => each.message), [channel]);
        const { messages } = await b.backend.history.read(channel, ALL);
        assert.deepEqual(messages, [{ offset: 1, message: channel }]);
      }
      await subscribed("large", b);
      const large = ["é\n\0".repeat(16_384), "x".repeat(1 << 20), "日".repeat(349_525) + "y"];
      const messages = [...AWKWARD_MESSAGES, ...large];
      await Promise.all(messages.map((message) => stored(a, "large", message)));
      await b.listener.until("large", () => b.listener.on("large").length >= messages.length);
      assert.ok(positioned(b, "large").every(({ message }, i) => message === messages[i]));
      for (const [i, message] of messages.entries()) {
        const epoch = positioned(b, "large")[0]?.epoch ?? "";
        const page = await b.backend.history.read("large", { limit: 1, since: { offset: i, epoch } });
        assert.equal(page.messages[0]?.offset, i + 1);
        assert.ok(page.messages[0]?.message === message, `message ${i + 1} was harmed`);
      }
    },
  },
];

/** What {@linkcode History} promises of idempotency keys. */
const idempotencyTests: readonly ContractTest[] = [
  {
    says: "history.publish() with a repeated idempotency key answers the first position and reaches nobody",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await subscribed("room", a);
      const change = { idempotencyKey: 'key {x}\n" é', idempotencyTtlMs: 60_000 };
      const [first, second] = await Promise.all([
        stored(a, "room", "once", change),
        stored(a, "room", "twice", change),
      ]);
      const third = await stored(b, "room", "thrice", change);
      assert.deepEqual([second, third], [first, first]);
      assert.equal((await stored(b, "room", "other", { ...change, idempotencyKey: "k2" })).offset, 2);
      assert.equal((await stored(b, "other room", "x", change)).offset, 1);
      await published(a, "room", "fence");
      await a.listener.until("the fence", () => a.listener.on("room").includes("fence"));
      const texts = a.listener.on("room").map((text) => decodePositioned(text)?.message ?? text);
      assert.deepEqual(texts, ["once", "other", "fence"]);
    },
  },
  {
    says: "history.publish() forgets an idempotency key after idempotencyTtlMs",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const change = { idempotencyKey: "k", idempotencyTtlMs: 40 };
      assert.equal((await stored(a, "room", "x", change)).offset, 1);
      await eventually("the end of the key", async () => {
        const { offset } = await stored(a, "room", "x", change);
        return offset === 2 ? true : undefined;
      });
    },
  },
  {
    says: "history.remove() leaves idempotency keys in force",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const change = { idempotencyKey: "k", idempotencyTtlMs: 60_000 };
      const first = await stored(a, "room", "x", change);
      await a.backend.history.remove("room");
      assert.deepEqual(await stored(a, "room", "x", change), first);
      assert.deepEqual(await a.backend.history.read("room", ALL), {
        position: first,
        messages: [],
        isTruncated: false,
      });
    },
  },
];

/** What {@linkcode History} promises of what is kept. */
const keepingTests: readonly ContractTest[] = [
  {
    says: "history.publish() keeps the last `size` publications, and fewer once size is smaller",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const epoch = await filled(a, "room", 250, { size: 100 });
      const page = await a.backend.history.read("room", ALL);
      assert.deepEqual(page.position, { offset: 250, epoch });
      assert.deepEqual(offsetsOf(page), numbers(100).map((text) => Number(text) + 151));
      assert.equal(page.isTruncated, false);
      await stored(a, "room", "251", { size: 2 });
      assert.deepEqual((await a.backend.history.read("room", ALL)).messages, [
        { offset: 250, message: "250" },
        { offset: 251, message: "251" },
      ]);
    },
  },
  {
    says: "history.read() after ttlMs has no publications, and the position goes on",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const epoch = await filled(a, "room", 3, { ttlMs: 60 });
      const page = await eventually("the end of the stream", async () => {
        const page = await b.backend.history.read("room", ALL);
        return page.messages.length === 0 ? page : undefined;
      });
      assert.deepEqual(page, { position: { offset: 3, epoch }, messages: [], isTruncated: false });
      assert.deepEqual(await stored(b, "room", "4"), { offset: 4, epoch });
      assert.deepEqual(offsetsOf(await a.backend.history.read("room", ALL)), [4]);
    },
  },
  {
    says: "history.publish() keeps the publications before it for its ttlMs more",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await stored(a, "room", "1", { ttlMs: 300 });
      await stored(a, "room", "2", { ttlMs: 60_000 });
      await pause(400);
      assert.deepEqual(offsetsOf(await a.backend.history.read("room", ALL)), [1, 2]);
    },
  },
  {
    says: "history.remove() forgets the publications of that channel, and the position goes on",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const epoch = await filled(a, "room", 3);
      await filled(a, "other", 3);
      await b.backend.history.remove("room");
      await b.backend.history.remove("never used");
      const page = await a.backend.history.read("room", ALL);
      assert.deepEqual(page, { position: { offset: 3, epoch }, messages: [], isTruncated: false });
      assert.deepEqual(await stored(a, "room", "4"), { offset: 4, epoch });
      assert.deepEqual(offsetsOf(await b.backend.history.read("room", ALL)), [4]);
      assert.equal((await b.backend.history.read("other", ALL)).messages.length, 3);
    },
  },
];

/** What {@linkcode History} promises when its backend ends. */
const closingTests: readonly ContractTest[] = [
  {
    says: "history operations after close() fail with the temporary error 100, done never synchronously",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const { history } = a.backend;
      await a.backend.close();
      let isInside = true;
      const { error, position, wasInside } = await new Promise<{
        readonly error: Error | undefined;
        readonly position: StreamPosition | undefined;
        readonly wasInside: boolean;
      }>((resolve) => {
        history.publish(
          "room",
          "x",
          LIMITS,
          (error, position) => resolve({ error, position, wasInside: isInside }),
        );
        isInside = false;
      });
      isTemporary(error);
      assert.equal(position, undefined);
      assert.equal(wasInside, false, "done was called inside publish()");
      await assert.rejects(history.read("room", ALL), isTemporary);
      await assert.rejects(history.remove("room"), isTemporary);
    },
  },
  {
    says: "close() settles every outstanding history operation, and done is called once each, in order",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const order: number[] = [];
      const all = new Promise<void>((resolve) => {
        const onDone = (i: number) => void (order.push(i) === 100 && resolve());
        for (let i = 0; i < 100; i++) {
          if (i % 2) a.backend.bus.publish("room", "x", () => onDone(i));
          else a.backend.history.publish("room", "x", LIMITS, () => onDone(i));
        }
      });
      const settled = Promise.allSettled([
        a.backend.history.read("room", ALL),
        a.backend.history.remove("room"),
      ]);
      await a.backend.close();
      await all;
      await settled;
      assert.deepEqual(order, numbers(100).map(Number));
    },
  },
];

/** What {@linkcode History} promises but for reading. */
export const historyTests: readonly ContractTest[] = [
  ...publishTests,
  ...idempotencyTests,
  ...keepingTests,
  ...closingTests,
];

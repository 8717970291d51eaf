import assert from "node:assert/strict";
import { newNodeId } from "../../core/ids.ts";
import { type ContractTest, eventually, numbers, openNodes, published } from "./kit.ts";

/** Channel names that a careless key or frame would mix up or cut. */
export const AWKWARD_CHANNELS = [
  "default/100%",
  "default/%7Broom%7D",
  "default/{room}",
  "default/}{",
  "default/two words ",
  "default/line\nbreak\r\ttab",
  "default/quote\"'\\",
  "default/*?[a-z]",
  "default/ünïcødé/日本語",
  "default/👩‍👩‍👧‍👦🚀",
  "__proto__",
  "constructor",
  "x".repeat(255),
  "é".repeat(255),
];

/** Messages that a careless codec would harm. */
export const AWKWARD_MESSAGES = [
  "",
  "plain",
  '{"a":"line\\nbreak"}',
  "line\nbreak\r\n",
  `quotes " ' \\ \``,
  "NUL\0inside\0",
  "non-ASCII é 日本語 🚀",
  "\uFEFFwith a byte order mark",
  "$5\r\nhello\r\n",
];

/** What {@linkcode Bus} promises of channels. */
export const channelTests: readonly ContractTest[] = [
  {
    says: "publish() reaches subscribers on this node and on others",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await Promise.all([a, b, c].map((each) => each.backend.bus.subscribe("room")));
      await published(a, "room", "hello");
      for (const node of [a, b, c]) {
        await node.listener.until("hello", () => node.listener.messages.length > 0);
      }
      for (const node of [a, b, c]) assert.deepEqual(node.listener.on("room"), ["hello"]);
    },
  },
  {
    says: "publish() does not reach nodes that do not subscribe",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([a.backend.bus.subscribe("room"), b.backend.bus.subscribe("fence")]);
      await published(a, "room", "not for b");
      await published(a, "rooms", "for nobody");
      await published(a, "fence", "end");
      await b.listener.until("the fence", () => b.listener.on("fence").length > 0);
      assert.deepEqual(b.listener.messages, [{ channel: "fence", message: "end" }]);
    },
  },
  {
    says: "publish() keeps the order of one publisher over 1000 messages",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([a.backend.bus.subscribe("room"), b.backend.bus.subscribe("room")]);
      const errors: unknown[] = [];
      for (const text of numbers(1000)) {
        a.backend.bus.publish("room", text, (error) => error && errors.push(error));
      }
      for (const node of [a, b]) {
        await node.listener.until("1000 messages", () => node.listener.messages.length >= 1000);
        assert.deepEqual(node.listener.on("room"), numbers(1000));
      }
      assert.deepEqual(errors, []);
    },
  },
  {
    says: "publish() delivers every message of two publishers to both, each in its order",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([a.backend.bus.subscribe("room"), b.backend.bus.subscribe("room")]);
      for (const text of numbers(200)) {
        a.backend.bus.publish("room", `a${text}`, () => {});
        b.backend.bus.publish("room", `b${text}`, () => {});
      }
      for (const { listener } of [a, b]) {
        await listener.until("400 messages", () => listener.messages.length >= 400);
        for (const from of ["a", "b"]) {
          const got = listener.on("room").filter((text) => text.startsWith(from));
          assert.deepEqual(got, numbers(200).map((text) => from + text));
        }
      }
    },
  },
  {
    says: "publish() calls done once, later and per channel in the order of the calls, subscribers or not",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await a.backend.bus.subscribe("heard");
      const order: number[] = [];
      const all = Promise.withResolvers<void>();
      for (let i = 0; i < 1000; i++) {
        a.backend.bus.publish(i % 2 ? "heard" : "unheard", "x", (error) => {
          assert.equal(error, undefined);
          if (order.push(i) === 1000) all.resolve();
        });
      }
      assert.deepEqual(order, [], "done was called inside publish()");
      await all.promise;
      await Promise.all(["heard", "unheard"].map((channel) => published(a, channel, "last")));
      for (const rest of [0, 1]) {
        const wanted = numbers(1000).map(Number).filter((i) => i % 2 === rest);
        assert.deepEqual(order.filter((i) => i % 2 === rest), wanted);
      }
    },
  },
  {
    says: "publish() never calls the listener synchronously",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await a.backend.bus.subscribe("room");
      a.backend.bus.publish("room", "x", () => {});
      assert.deepEqual(a.listener.messages, []);
      await a.listener.until("x", () => a.listener.messages.length > 0);
    },
  },
  {
    says: "subscribe() once resolved lets the very next publication arrive",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all(
        numbers(200).map(async (channel) => {
          await b.backend.bus.subscribe(channel);
          a.backend.bus.publish(channel, channel, () => {});
        }),
      );
      await b.listener.until("200 messages", () => b.listener.messages.length >= 200);
      assert.deepEqual(
        b.listener.messages.map((each) => Number(each.message)).sort((x, y) => x - y),
        numbers(200).map(Number),
      );
    },
  },
  {
    says: "subscribe() is idempotent: a channel wanted twice is delivered once",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([b.backend.bus.subscribe("room"), b.backend.bus.subscribe("room")]);
      await b.backend.bus.subscribe("room");
      assert.deepEqual(b.backend.bus.subscriptions(), { desired: 1, confirmed: 1 });
      await published(a, "room", "1");
      await published(a, "room", "2");
      await b.listener.until("2", () => b.listener.on("room").includes("2"));
      assert.deepEqual(b.listener.on("room"), ["1", "2"]);
    },
  },
  {
    says: "unsubscribe() stops delivery and is idempotent",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([b.backend.bus.subscribe("room"), b.backend.bus.subscribe("fence")]);
      b.backend.bus.unsubscribe("room");
      b.backend.bus.unsubscribe("room");
      b.backend.bus.unsubscribe("never subscribed");
      await eventually("room to be unsubscribed", () => {
        const { desired, confirmed } = b.backend.bus.subscriptions();
        return desired === 1 && confirmed === 1 ? true : undefined;
      });
      await published(a, "room", "late");
      await published(a, "fence", "end");
      await b.listener.until("the fence", () => b.listener.on("fence").length > 0);
      assert.deepEqual(b.listener.on("room"), []);
    },
  },
  {
    says: "unsubscribe() on one node leaves the others subscribed",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([a.backend.bus.subscribe("room"), b.backend.bus.subscribe("room")]);
      a.backend.bus.unsubscribe("room");
      await published(a, "room", "still");
      await b.listener.until("still", () => b.listener.on("room").includes("still"));
    },
  },
  {
    says: "subscribe() after unsubscribe() in the same tick leaves the channel subscribed",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const first = b.backend.bus.subscribe("room");
      b.backend.bus.unsubscribe("room");
      const second = b.backend.bus.subscribe("room");
      await Promise.allSettled([first]);
      await second;
      b.backend.bus.unsubscribe("room");
      await b.backend.bus.subscribe("room");
      await published(a, "room", "hello");
      await b.listener.until("hello", () => b.listener.on("room").length > 0);
      assert.deepEqual(b.listener.on("room"), ["hello"]);
      assert.deepEqual(b.backend.bus.subscriptions(), { desired: 1, confirmed: 1 });
    },
  },
  {
    says: "subscribe() settles when the channel is unsubscribed meanwhile",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const pending = a.backend.bus.subscribe("room");
      a.backend.bus.unsubscribe("room");
      await Promise.allSettled([pending]);
      await eventually("no subscription", () => {
        const { desired, confirmed } = a.backend.bus.subscriptions();
        return desired === 0 && confirmed === 0 ? true : undefined;
      });
    },
  },
  {
    says: "subscriptions() counts what is wanted at once and what is confirmed later",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      assert.deepEqual(a.backend.bus.subscriptions(), { desired: 0, confirmed: 0 });
      const pending = numbers(50).map((channel) => a.backend.bus.subscribe(channel));
      assert.equal(a.backend.bus.subscriptions().desired, 50);
      await Promise.all(pending);
      assert.deepEqual(a.backend.bus.subscriptions(), { desired: 50, confirmed: 50 });
    },
  },
  {
    says: "publish() keeps awkward channel names apart and unharmed",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all(AWKWARD_CHANNELS.map((channel) => b.backend.bus.subscribe(channel)));
      for (const channel of AWKWARD_CHANNELS) await published(a, channel, channel);
      await b.listener.until("all", () => b.listener.messages.length >= AWKWARD_CHANNELS.length);
      for (const channel of AWKWARD_CHANNELS) assert.deepEqual(b.listener.on(channel), [channel]);
    },
  },
  {
    says: "publish() delivers awkward, 64 KiB and 1 MiB messages unharmed",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await b.backend.bus.subscribe("room");
      const large = ["é\n\0".repeat(16_384), "x".repeat(1 << 20), "日".repeat(349_525) + "y"];
      const messages = [...AWKWARD_MESSAGES, ...large, "last"];
      for (const message of messages) a.backend.bus.publish("room", message, () => {});
      await b.listener.until("all messages", () => b.listener.messages.length >= messages.length);
      assert.ok(b.listener.on("room").every((message, i) => message === messages[i]));
    },
  },
];

/** What {@linkcode Bus} promises of messages between nodes. */
export const nodeMessageTests: readonly ContractTest[] = [
  {
    says: "sendToNode() reaches that node alone, itself included, in order",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await Promise.all(numbers(100).map((text) => a.backend.bus.sendToNode(b.id, text)));
      await a.backend.bus.sendToNode(a.id, "to myself");
      await a.backend.bus.sendToNode(c.id, "fence");
      await b.listener.until("100 messages", () => b.listener.nodeMessages.length >= 100);
      await a.listener.until("its own", () => a.listener.nodeMessages.length > 0);
      await c.listener.until("the fence", () => c.listener.nodeMessages.length > 0);
      assert.deepEqual(b.listener.nodeMessages, numbers(100));
      assert.deepEqual(a.listener.nodeMessages, ["to myself"]);
      assert.deepEqual(c.listener.nodeMessages, ["fence"]);
    },
  },
  {
    says: "sendToNode() answers 0 for a node that does not exist, 1 for one that does, or cannot tell",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const nobody = await a.backend.bus.sendToNode(newNodeId(), "anyone?");
      const somebody = await a.backend.bus.sendToNode(b.id, "you?");
      assert.ok([0, undefined].includes(nobody), `nobody: ${nobody}`);
      assert.ok([1, undefined].includes(somebody), `somebody: ${somebody}`);
    },
  },
  {
    says: "sendToChannel() reaches every subscriber once, this node included, and counts them or cannot tell",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await Promise.all([a, b].map((each) => each.backend.bus.subscribe("user:default/é 1")));
      const holders = await a.backend.bus.sendToChannel("user:default/é 1", "hello\nthere");
      const nobody = await c.backend.bus.sendToChannel("user:default/2", "anyone?");
      for (const { listener } of [a, b]) {
        await listener.until("hello", () => listener.messages.length > 0);
        assert.deepEqual(listener.messages, [{ channel: "user:default/é 1", message: "hello\nthere" }]);
      }
      assert.deepEqual(c.listener.messages, []);
      assert.ok([2, undefined].includes(holders), `holders: ${holders}`);
      assert.ok([0, undefined].includes(nobody), `nobody: ${nobody}`);
    },
  },
  {
    says: "sendToNode() delivers awkward and 1 MiB messages unharmed",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const messages = [...AWKWARD_MESSAGES, "é\n\0".repeat(262_144)];
      for (const message of messages) await a.backend.bus.sendToNode(b.id, message);
      await b.listener.until("all", () => b.listener.nodeMessages.length >= messages.length);
      assert.ok(b.listener.nodeMessages.every((message, i) => message === messages[i]));
    },
  },
  {
    says: "sendToAll() reaches every node once, the sender included",
    async run(cluster) {
      const nodes = await openNodes(cluster, 3);
      const [a] = nodes;
      assert.ok(a);
      await a.backend.bus.sendToAll("first");
      await a.backend.bus.sendToAll("second\nline é");
      for (const { listener } of nodes) {
        await listener.until("two messages", () => listener.nodeMessages.length >= 2);
        assert.deepEqual(listener.nodeMessages, ["first", "second\nline é"]);
        assert.deepEqual(listener.messages, []);
      }
    },
  },
  {
    says: "sendToNode() and publish() do not meet: a channel named like a node is a channel",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await published(a, b.id, "to the channel");
      await published(a, `node:{${b.id}}`, "to the channel");
      await published(a, "{ctl}all", "to the channel");
      await a.backend.bus.sendToNode(b.id, "to the node");
      await b.listener.until("its message", () => b.listener.nodeMessages.length > 0);
      assert.deepEqual(b.listener.nodeMessages, ["to the node"]);
      assert.deepEqual(b.listener.messages, []);
    },
  },
];

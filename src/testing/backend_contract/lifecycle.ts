import assert from "node:assert/strict";
import type { PublishDone } from "../../backend/backend.ts";
import { recordOf } from "../node_records.ts";
import { clientsFor, type ContractTest, isTemporary, openNodes, published } from "./kit.ts";

/** What {@linkcode Backend} promises of its own state. */
export const lifecycleTests: readonly ContractTest[] = [
  {
    says: "state is ready, without trouble, once opened",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      assert.equal(a.backend.state, "ready");
      assert.equal(a.backend.trouble, undefined);
    },
  },
  {
    says: "close() is idempotent and tells the listener once",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await Promise.all([a.backend.close(), a.backend.close()]);
      await a.backend.close();
      assert.equal(a.backend.state, "closed");
      assert.equal(typeof a.backend.trouble, "string");
      assert.deepEqual(a.listener.states.filter((state) => state === "closed"), ["closed"]);
    },
  },
  {
    says: "close() makes every later operation fail with the temporary error 100",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const { bus, registry, counters } = a.backend;
      await a.backend.close();
      bus.unsubscribe("room");
      const operations = [
        () => published(a, "room", "x"),
        () => bus.subscribe("room"),
        () => bus.sendToNode(a.id, "x"),
        () => bus.sendToChannel("room", "x"),
        () => bus.sendToAll("x"),
        () => registry.beat(recordOf(a.id), 1),
        () => registry.bury(a.id, 0, 1),
        () => registry.clean(a.id),
        () => registry.nodes(),
        () => registry.putClients(clientsFor(a.id, 1)),
        () => registry.dropClients(["x"]),
        () => registry.replaceClients([]),
        () => registry.clientsOf(a.id),
        () => registry.leave(),
        () => counters.create("k", 1_000),
        () => counters.increment("k", 1_000),
        () => counters.touch("k", 1_000),
        () => a.backend.revocations.among("w", ["u"]),
      ];
      for (const operation of operations) await assert.rejects(operation(), isTemporary);
    },
  },
  {
    says: "publish() after close() still calls done later, never synchronously",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      await a.backend.close();
      const errors: (Error | undefined)[] = [];
      await new Promise<void>((resolve) => {
        const done: PublishDone = (error) => errors.push(error) === 2 && resolve();
        a.backend.bus.publish("room", "1", done);
        a.backend.bus.publish("room", "2", done);
        assert.deepEqual(errors, []);
      });
      for (const error of errors) isTemporary(error);
    },
  },
  {
    says: "close() settles every outstanding operation, and done is called once each, in order",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const order: number[] = [];
      const all = new Promise<void>((resolve) => {
        for (let i = 0; i < 100; i++) {
          a.backend.bus.publish("room", "x", () => order.push(i) === 100 && resolve());
        }
      });
      const pending = [
        a.backend.bus.subscribe("room"),
        a.backend.registry.nodes(),
        a.backend.counters.touch("k", 1),
      ];
      const settled = Promise.allSettled(pending);
      await a.backend.close();
      await all;
      await settled;
      assert.deepEqual(order, Array.from({ length: 100 }, (_, i) => i));
    },
  },
  {
    says: "close() of one node leaves the others working, and its messages reach it no more",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await Promise.all([a, b].map((each) => each.backend.bus.subscribe("room")));
      await a.backend.close();
      await published(c, "room", "hello");
      await b.listener.until("hello", () => b.listener.on("room").length > 0);
      assert.deepEqual(a.listener.messages, []);
      assert.equal(b.backend.state, "ready");
    },
  },
];

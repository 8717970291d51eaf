import assert from "node:assert/strict";
import { pause } from "../waiting.ts";
import { type ContractTest, eventually, numbers, openNodes } from "./kit.ts";

const LONG_MS = 60_000;

/** What {@linkcode Counters} promises. */
export const counterTests: readonly ContractTest[] = [
  {
    says: "increment() counts from 0, shared by all nodes, and create() resets",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      assert.equal(await a.backend.counters.increment("k {x} é", LONG_MS), 1);
      assert.equal(await b.backend.counters.increment("k {x} é", LONG_MS), 2);
      await b.backend.counters.create("k {x} é", LONG_MS);
      assert.equal(await a.backend.counters.increment("k {x} é", LONG_MS), 1);
      assert.equal(await a.backend.counters.increment("other", LONG_MS), 1);
    },
  },
  {
    says: "increment() gives every concurrent caller a value of its own",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      const values = await Promise.all(
        numbers(100).map((i) => (Number(i) % 2 ? a : b).backend.counters.increment("k", LONG_MS)),
      );
      assert.deepEqual(values.sort((x, y) => x - y), numbers(100).map((i) => Number(i) + 1));
    },
  },
  {
    says: "touch() answers whether the counter exists",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      assert.equal(await a.backend.counters.touch("k", LONG_MS), false);
      await a.backend.counters.create("k", LONG_MS);
      assert.equal(await b.backend.counters.touch("k", LONG_MS), true);
      assert.equal(await b.backend.counters.increment("k", LONG_MS), 1);
    },
  },
  {
    says: "a counter ends after its ttl, and increment() then starts at 0 again",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const { counters } = a.backend;
      await counters.create("created", 40);
      await counters.increment("counted", 40);
      await pause(80);
      await eventually("expiry", async () => await counters.touch("created", 1) ? undefined : true);
      assert.equal(await counters.increment("counted", LONG_MS), 1);
    },
  },
  {
    says: "touch() and increment() keep a counter for their ttl more",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const { counters } = a.backend;
      await Promise.all([counters.create("touched", 300), counters.create("counted", 300)]);
      assert.equal(await counters.touch("touched", LONG_MS), true);
      assert.equal(await counters.increment("counted", LONG_MS), 1);
      await pause(400);
      assert.equal(await counters.touch("touched", LONG_MS), true);
      assert.equal(await counters.increment("counted", LONG_MS), 2);
    },
  },
];

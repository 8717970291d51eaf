import assert from "node:assert/strict";
import { beat, buried, type ContractTest, isTemporary, openNodes } from "./kit.ts";

/** What {@linkcode Quotas} promises. */
export const quotaTests: readonly ContractTest[] = [
  {
    says: "claim() grants up to the limit over all nodes, and what was given back is there again",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([beat(a), beat(b)]);
      const ask = (node: typeof a, held: number, more: number) =>
        node.backend.quotas.claim("w {x} é", { held, more, limit: 5 });
      assert.deepEqual([await ask(a, 0, 3), await ask(b, 0, 3), await ask(a, 3, 1)], [3, 2, 0]);
      assert.equal(await a.backend.quotas.claim("other", { held: 0, more: 9, limit: 9 }), 9);
      assert.equal(await ask(a, 1, 0), 0);
      assert.equal(await ask(b, 2, 9), 2);
    },
  },
  {
    says: "claim() grants no more than the limit to concurrent nodes",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([beat(a), beat(b)]);
      const granted = await Promise.all(
        [a, b].map((node) => node.backend.quotas.claim("w", { held: 0, more: 80, limit: 100 })),
      );
      assert.equal(granted.reduce((sum, each) => sum + each), 100);
    },
  },
  {
    says: "claim() believes what a node holds, past the limit too, and never grants less than nothing",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await Promise.all([beat(a), beat(b)]);
      assert.equal(await a.backend.quotas.claim("w", { held: 10, more: 1, limit: 5 }), 0);
      assert.equal(await b.backend.quotas.claim("w", { held: 0, more: 1, limit: 5 }), 0);
      assert.equal(await b.backend.quotas.claim("w", { held: 0, more: 5, limit: 12 }), 2);
    },
  },
  {
    says: "claim() counts no share of a node that left or was buried, and a buried node gets nothing",
    async run(cluster) {
      const [a, b, c] = await openNodes(cluster, 3);
      assert.ok(a && b && c);
      await Promise.all([beat(a), beat(b), beat(c)]);
      const all = { held: 0, more: 5, limit: 5 };
      assert.equal(await a.backend.quotas.claim("w", all), 5);
      assert.equal(await b.backend.quotas.claim("w", all), 0);
      await buried(a.id, b);
      assert.equal(await b.backend.quotas.claim("w", all), 5);
      await assert.rejects(a.backend.quotas.claim("w", all), isTemporary);
      await b.backend.registry.leave();
      assert.equal(await c.backend.quotas.claim("w", all), 5);
    },
  },
];

import assert from "node:assert/strict";
import { type ContractTest, eventually, numbers, openNodes } from "./kit.ts";

const LONG_MS = 60_000;

/** What {@linkcode Revocations} promises. */
export const revocationTests: readonly ContractTest[] = [
  {
    says: "revoke() is seen by every node, in its own workspace alone, until restore()",
    async run(cluster) {
      const [a, b] = await openNodes(cluster, 2);
      assert.ok(a && b);
      await a.backend.revocations.revoke("w1", "user {x} é", LONG_MS);
      const users = ["u0", "user {x} é", "user"];
      assert.deepEqual(await b.backend.revocations.among("w1", users), ["user {x} é"]);
      assert.deepEqual(await b.backend.revocations.among("w2", users), []);
      await b.backend.revocations.restore("w1", "user {x} é");
      await b.backend.revocations.restore("w1", "nobody");
      assert.deepEqual(await a.backend.revocations.among("w1", users), []);
    },
  },
  {
    says: "revoke() ends after its time, and a later one replaces an earlier one",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const { revocations } = a.backend;
      await revocations.revoke("w", "stays", LONG_MS);
      await revocations.revoke("w", "shortened", LONG_MS);
      await revocations.revoke("w", "shortened", 40);
      await eventually(
        "the end",
        async () => (await revocations.among("w", ["shortened"])).length === 0 || undefined,
      );
      assert.deepEqual(await revocations.among("w", ["stays", "shortened"]), ["stays"]);
    },
  },
  {
    says: "among() answers for many users at once, and for none",
    async run(cluster) {
      const [a] = await openNodes(cluster, 1);
      assert.ok(a);
      const { revocations } = a.backend;
      await revocations.revoke("w", "2999", LONG_MS);
      assert.deepEqual(await revocations.among("w", numbers(3_000)), ["2999"]);
      assert.deepEqual(await revocations.among("w", []), []);
    },
  },
];

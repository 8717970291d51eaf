import assert from "node:assert/strict";
import { layoutText, layoutTrouble } from "./layout.ts";

const KEY = "shoal:{ctl}partitions";
const addresses = ["a:1", "b:2"];

Deno.test("layoutText() is the number alone for one Redis, as in the first version", () => {
  assert.equal(layoutText({ kind: "one", partitions: 64 }), "64");
  assert.equal(layoutText({ kind: "cluster", partitions: 64 }), "64 cluster");
});

Deno.test("layoutText() tells lists of servers apart, their order, and the places in one list", () => {
  const texts = [
    layoutText({ kind: "shards", partitions: 64, addresses, index: 0 }),
    layoutText({ kind: "shards", partitions: 64, addresses, index: 1 }),
    layoutText({ kind: "shards", partitions: 64, addresses: addresses.toReversed(), index: 0 }),
    layoutText({ kind: "shards", partitions: 32, addresses, index: 0 }),
  ];
  assert.equal(new Set(texts).size, 4);
  assert.match(texts[1] ?? "", /^64 shards [0-9a-f]{8} 2\/2$/);
});

Deno.test("layoutTrouble() says what each side has and what to do, and nothing where both agree", () => {
  assert.equal(layoutTrouble("64", "64", KEY), undefined);
  assert.equal(
    layoutTrouble("64", "32", KEY),
    "this cluster has 64 partitions and this node 32 partitions; give every node the same number, " +
      `or stop all nodes and delete the key ${KEY}`,
  );
  const shards = layoutText({ kind: "shards", partitions: 64, addresses, index: 0 });
  assert.match(
    layoutTrouble(shards, "64 cluster", KEY) ?? "",
    /of which this is 1\/2 and .* on a Redis Cluster;.*settings/,
  );
});

import assert from "node:assert/strict";
import { shardRing } from "./shard_ring.ts";

Deno.test("shardRing() gives every server about its share", () => {
  const counts = [0, 0, 0, 0];
  for (const shard of shardRing(4_096, 4)) counts[shard] = (counts[shard] ?? 0) + 1;
  for (const count of counts) assert.ok(count > 900 && count < 1_150, counts.join(" "));
});

Deno.test("shardRing() moves partitions to the new server only when one is added", () => {
  const [before, after] = [shardRing(64, 3), shardRing(64, 4)];
  const moved = after.filter((shard, partition) => shard !== before[partition]);
  assert.ok(moved.length > 5 && moved.length < 30, `${moved.length} moved`);
  assert.deepEqual([...new Set(moved)], [3]);
});

Deno.test("shardRing() is what earlier versions said", () => {
  assert.equal(shardRing(32, 3).join(""), "00021120022210002122002211002122");
});

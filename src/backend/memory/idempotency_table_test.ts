import assert from "node:assert/strict";
import { IdempotencyTable } from "./idempotency_table.ts";

const position = { offset: 1, epoch: "e" };

Deno.test("find() answers until exactly the ttl is over, 5 minutes when none was named", () => {
  const clock = { nowMs: 0 };
  const table = new IdempotencyTable(() => clock.nowMs);
  table.put("room", "k", position, 100);
  table.put("room", "default", position);
  clock.nowMs = 99;
  assert.deepEqual(table.find("room", "k"), position);
  clock.nowMs = 100;
  assert.equal(table.find("room", "k"), undefined);
  clock.nowMs = 299_999;
  assert.deepEqual(table.find("room", "default"), position);
  clock.nowMs = 300_000;
  assert.equal(table.find("room", "default"), undefined);
});

Deno.test("find() tells apart what only looks alike when joined", () => {
  const table = new IdempotencyTable(() => 0);
  table.put("a", "bc", position);
  for (const [channel, key] of [["ab", "c"], ["abc", ""], ["", "abc"], ["a", "b"]] as const) {
    assert.equal(table.find(channel, key), undefined);
  }
});

Deno.test("put() drops ended keys as new ones come, so that they do not pile up", () => {
  const clock = { nowMs: 0 };
  const table = new IdempotencyTable(() => clock.nowMs);
  for (; clock.nowMs < 50_000; clock.nowMs++) table.put("room", `k${clock.nowMs}`, position, 10);
  assert.ok(table.size <= 100, `${table.size} keys are held`);
});

Deno.test("put() refuses a new key with 111 when the table is full, and takes one when some have ended", () => {
  const clock = { nowMs: 0 };
  const table = new IdempotencyTable(() => clock.nowMs, 3);
  for (const key of ["a", "b", "c"]) table.put("room", key, position, 100);
  assert.throws(() => table.put("room", "d", position, 100), { code: 111 });
  clock.nowMs = 100;
  table.put("room", "d", position, 100);
  assert.deepEqual(table.find("room", "d"), position);
});

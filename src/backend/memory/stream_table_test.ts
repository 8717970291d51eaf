import assert from "node:assert/strict";
import { StreamTable, type StreamTableOptions } from "./stream_table.ts";

const DAY_MS = 24 * 3_600_000;
const LIMITS = { size: 10, ttlMs: 1_000 };

function tableAt(clock: { nowMs: number }, change: Partial<StreamTableOptions> = {}): StreamTable {
  let count = 0;
  return new StreamTable({ now: () => clock.nowMs, newEpoch: () => `e${++count}`, ...change });
}

function textsOf(table: StreamTable, channel: string): string[] {
  return table.read(channel, { limit: -1 }).messages.map((each) => each.message);
}

Deno.test("read() has no publications exactly when the ttl is over, and the position goes on", () => {
  const clock = { nowMs: 0 };
  const table = tableAt(clock);
  table.append("room", "1", LIMITS);
  clock.nowMs = 500;
  table.append("room", "2", LIMITS);
  clock.nowMs = 1_499;
  assert.deepEqual(textsOf(table, "room"), ["1", "2"]);
  clock.nowMs = 1_500;
  assert.deepEqual(textsOf(table, "room"), []);
  assert.equal(table.weight, 0);
  assert.deepEqual(table.append("room", "3", LIMITS).position, { offset: 3, epoch: "e1" });
  assert.deepEqual(textsOf(table, "room"), ["3"]);
});

Deno.test("append() after the ttl does not bring back what nobody has read since", () => {
  const clock = { nowMs: 0 };
  const table = tableAt(clock);
  // Others first, so that it is not the room's turn to be looked at.
  for (let i = 0; i < 10; i++) table.append(`other ${i}`, "x", LIMITS);
  table.append("room", "old", LIMITS);
  for (let i = 0; i < 10; i++) table.append("other 0", "x", LIMITS);
  clock.nowMs = 1_000;
  table.append("room", "new", LIMITS);
  assert.deepEqual(textsOf(table, "room"), ["new"]);
});

Deno.test("append() drops the ended publications of other channels, without a read", () => {
  const clock = { nowMs: 0 };
  const table = tableAt(clock);
  for (let i = 0; i < 100; i++) table.append(`room ${i}`, "x", LIMITS);
  const full = table.weight;
  clock.nowMs = 2_000;
  for (let i = 0; i < 60; i++) table.append("busy", "x", { size: 1, ttlMs: 1_000 });
  assert.ok(table.weight <= full / 50, `${table.weight} of ${full} are left`);
  assert.equal(table.size, 101);
});

Deno.test("append() forgets a position 30 days after its stream, and gives no offset out twice in its epoch", () => {
  const clock = { nowMs: 0 };
  const table = tableAt(clock);
  assert.deepEqual(table.read("idle", { limit: 0 }).position, { offset: 0, epoch: "e1" });
  for (const text of ["1", "2"]) table.append("idle", text, LIMITS);
  clock.nowMs = 30 * DAY_MS;
  for (let i = 0; i < 5; i++) table.append("busy", "x", LIMITS);
  assert.deepEqual(table.read("idle", { limit: 0 }).position, { offset: 2, epoch: "e1" });
  clock.nowMs += 2_000;
  for (let i = 0; i < 5; i++) table.append("busy", "x", LIMITS);
  assert.deepEqual(table.read("idle", { limit: 0 }).position, { offset: 0, epoch: "e2" });
  assert.deepEqual(table.append("idle", "again", LIMITS).position, { offset: 1, epoch: "e2" });
  assert.deepEqual(table.read("busy", { limit: 0 }).position, { offset: 10, epoch: "e1" });
});

Deno.test("read() of channels that nobody published to holds nothing", () => {
  const table = tableAt({ nowMs: 0 });
  for (let i = 0; i < 1_000; i++) table.read(`room ${i}`, { limit: -1 });
  assert.equal(table.size, 0);
});

Deno.test("append() refuses a new channel with 111 when the table is full, and serves the others on", () => {
  const table = tableAt({ nowMs: 0 }, { maxStreams: 2 });
  table.append("a", "1", LIMITS);
  table.append("b", "1", LIMITS);
  assert.throws(() => table.append("c", "1", { ...LIMITS, idempotencyKey: "k" }), { code: 111 });
  assert.equal(table.append("a", "2", LIMITS).position.offset, 2);
  assert.equal(table.read("c", { limit: -1 }).position.offset, 0);
});

Deno.test("append() lets the channel that was quiet for longest forget when all weigh too much", () => {
  const table = tableAt({ nowMs: 0 }, { maxWeight: 400 });
  for (const channel of ["a", "b", "c", "a", "d"]) table.append(channel, "x".repeat(68), LIMITS);
  assert.equal(table.weight, 400);
  assert.deepEqual(["a", "b", "c", "d"].map((channel) => textsOf(table, channel).length), [2, 0, 1, 1]);
  assert.deepEqual(table.append("b", "x", LIMITS).position, { offset: 2, epoch: "e1" });
});

import assert from "node:assert/strict";
import { ClientError } from "../../core/errors.ts";
import { type HistoryLane, type LaneLink, openLane } from "./history_lane.ts";
import type { ReplyDone } from "./link.ts";
import { redisKeys } from "./redis_keys.ts";
import { RedisReplyError, type RespValue } from "./resp_value.ts";

const SHA = "0123456789012345678901234567890123456789";
const LIMITS = { size: 10, ttlMs: 1_000 };
const MAX_BYTES = 2_000;

/** A link whose other end is the test. */
class FakeLink implements LaneLink {
  readonly sent: string[] = [];
  readonly #pending: ReplyDone[] = [];
  isDown = false;

  command(words: readonly string[], _pushes: number, done: ReplyDone): void {
    this.sent.push(words.slice(0, 2).join(" "));
    this.#pending.push(done);
  }

  send(text: string, _bytes: number, done: ReplyDone): void {
    this.sent.push(text.split("\r\n").at(-2) ?? "");
    this.#pending.push(done);
  }

  /** Answers the oldest command. */
  answer(value: RespValue): void {
    const done = this.#pending.shift();
    if (value instanceof RedisReplyError) done?.(new ClientError("internal", { cause: value }), null);
    else done?.(undefined, value);
  }

  /** Goes down: what is under way fails. */
  drop(): void {
    this.isDown = true;
    for (const done of this.#pending.splice(0)) done(new ClientError("internal"), null);
  }
}

const noScript = new RedisReplyError("NOSCRIPT No matching script.");

function stored(offset: number, ...rest: readonly RespValue[]): RespValue {
  return [offset, "epoch", 0, ...rest];
}

function open(): { readonly link: FakeLink; readonly lane: HistoryLane; readonly results: string[] } {
  const link = new FakeLink();
  let opened: HistoryLane | undefined;
  openLane(
    link,
    { keys: redisKeys("shoal:", 4), maxBytes: MAX_BYTES, isSharded: false },
    (_error, lane) => opened = lane,
  );
  for (const reply of [`run_id:${"a".repeat(40)}\r\n`, `master_replid:${"b".repeat(40)}\r\n`, SHA]) {
    link.answer(reply);
  }
  assert.ok(opened);
  assert.deepEqual(link.sent.splice(0), ["INFO server", "INFO replication", "SCRIPT LOAD"]);
  return { link, lane: opened, results: [] };
}

function publish({ lane, results }: ReturnType<typeof open>, channel: string, ...messages: string[]): void {
  for (const message of messages) {
    lane.publish(channel, message, LIMITS, (error, position) => {
      results.push(`${message} ${error ? "failed" : `at ${position?.offset}`}`);
    });
  }
}

/** Lets all microtasks run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("openLane() fails when Redis refuses one of its questions", () => {
  const link = new FakeLink();
  const causes: string[] = [];
  openLane(
    link,
    { keys: redisKeys("shoal:", 4), maxBytes: MAX_BYTES, isSharded: false },
    (error) => causes.push(String(error?.cause)),
  );
  link.answer("run_id:a\r\n");
  link.answer(new RedisReplyError("NOPERM"));
  assert.equal(causes.length, 0);
  link.answer(SHA);
  assert.match(causes.join(), /NOPERM/);
});

Deno.test("HistoryLane.publish() answers in the order of the calls, a refusal alone", () => {
  const opened = open();
  publish(opened, "a", "1", "2", "3");
  assert.deepEqual(opened.link.sent, ["1", "2", "3"]);
  for (const reply of [stored(1), new RedisReplyError("OOM"), stored(2)]) opened.link.answer(reply);
  assert.deepEqual(opened.results, ["1 at 1", "2 failed", "3 at 2"]);
});

Deno.test("HistoryLane sends again in order what found no script, and holds what comes meanwhile", () => {
  const opened = open();
  const { link, results } = opened;
  publish(opened, "a", "1", "2");
  link.answer(noScript);
  publish(opened, "a", "3");
  assert.deepEqual(link.sent.splice(0), ["1", "2"]);
  link.answer(noScript);
  assert.deepEqual(link.sent.splice(0), ["SCRIPT LOAD", "1", "2", "3"]);
  publish(opened, "a", "4");
  for (const reply of [SHA, stored(1), stored(2), stored(3), stored(4)]) link.answer(reply);
  assert.deepEqual(results, ["1 at 1", "2 at 2", "3 at 3", "4 at 4"]);
});

Deno.test("HistoryLane fails what a later publish to the same channel overtook, and no other", () => {
  const opened = open();
  const { link, results } = opened;
  publish(opened, "a", "a1");
  publish(opened, "b", "b1");
  publish(opened, "a", "a2");
  for (const reply of [noScript, noScript, stored(7)]) link.answer(reply);
  assert.deepEqual(link.sent.splice(0), ["a1", "b1", "a2", "SCRIPT LOAD", "b1"]);
  assert.deepEqual(results, ["a1 failed"]);
  for (const reply of [SHA, stored(1)]) link.answer(reply);
  assert.deepEqual(results, ["a1 failed", "b1 at 1", "a2 at 7"]);
});

Deno.test("HistoryLane gives up on a script that never stays", () => {
  const opened = open();
  const { link, results } = opened;
  publish(opened, "a", "1");
  for (const reply of [noScript, SHA, noScript, SHA, noScript]) link.answer(reply);
  assert.deepEqual(results, ["1 failed"]);
});

Deno.test("HistoryLane fails all in order when the link goes down while a script is missing", () => {
  const opened = open();
  const { link, results } = opened;
  publish(opened, "a", "1", "2");
  link.answer(noScript);
  publish(opened, "a", "3");
  link.drop();
  assert.deepEqual(results, ["1 failed", "2 failed", "3 failed"]);
});

Deno.test("HistoryLane.publish() past the bound of bytes fails later, in its turn", async () => {
  const opened = open();
  const { link, results } = opened;
  publish(opened, "a", "x".repeat(MAX_BYTES));
  assert.equal(results.length, 0);
  await settled();
  assert.match(results.splice(0).join(), /^x+ failed$/);
  publish(opened, "a", "1", "y".repeat(MAX_BYTES), "2");
  await settled();
  assert.deepEqual(results, []);
  link.answer(stored(1));
  link.answer(stored(2));
  assert.deepEqual([results[0], results[2]], ["1 at 1", "2 at 2"]);
  assert.match(results[1] ?? "", /^y+ failed$/);
});

Deno.test("HistoryLane fails a publish whose answer it cannot read", () => {
  const opened = open();
  publish(opened, "a", "1", "2");
  for (const reply of ["OK", stored(1)]) opened.link.answer(reply);
  assert.deepEqual(opened.results, ["1 failed", "2 at 1"]);
});

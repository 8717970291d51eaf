/** Small parts of channels: terms, recovery answers, rates, shared calls. */
import assert from "node:assert/strict";
import type { HistoryPage } from "../backend/backend.ts";
import { configOf } from "../config/mod.ts";
import { encodePublication } from "../protocol/envelope.ts";
import { publicationFields, readPublicationFields } from "../protocol/publication_fields.ts";
import type { ChannelOptions } from "./options.ts";
import { PublishRates } from "./publish_rate.ts";
import { resume } from "./recovery.ts";
import { SharedCalls } from "./shared_calls.ts";
import { isPlain, termsOf } from "./terms.ts";

const plain: ChannelOptions = configOf({}).channel;
const durable: ChannelOptions = { ...plain, historySize: 10, forceRecovery: true, delta: true };

Deno.test("isPlain() is true where neither options nor request want more than publications", () => {
  assert.equal(isPlain(plain, { recover: true, positioned: true, join_leave: true, delta: "fossil" }), true);
  assert.equal(isPlain(plain, { tf: { key: "a", cmp: "ex" } }), false);
  assert.equal(isPlain(durable, {}), false);
  assert.equal(isPlain({ ...plain, presence: true }, {}), false);
});

Deno.test("termsOf() grants what the options allow and leaves the rest out", () => {
  const all = { positioned: true, recoverable: true, join_leave: true, delta: "fossil" };
  const keys = ["isPositioned", "isRecoverable", "wantsJoinLeave", "wantsDelta", "isPresent"] as const;
  const granted = (options: ChannelOptions, request = {}) => {
    const terms = termsOf(options, request, false);
    return keys.filter((key) => terms[key]);
  };
  assert.deepEqual(granted({ ...plain, presence: true }, all), ["isPresent"]);
  assert.deepEqual(granted({ ...plain, historySize: 1 }), []);
  assert.deepEqual(granted({ ...plain, historySize: 1 }, { positioned: true }), ["isPositioned"]);
  assert.deepEqual(granted({ ...plain, historySize: 1 }, all), ["isPositioned", "isRecoverable"]);
  assert.deepEqual(granted(durable), ["isPositioned", "isRecoverable"]);
  assert.deepEqual(granted({ ...plain, joinLeave: true }, all), ["wantsJoinLeave", "isPresent"]);
  assert.deepEqual(granted({ ...plain, joinLeave: true, forcePushJoinLeave: true }), [
    "wantsJoinLeave",
    "isPresent",
  ]);
  assert.deepEqual(granted({ ...plain, delta: true }, all), ["wantsDelta"]);
  assert.deepEqual(granted({ ...plain, delta: true }, { ...all, tf: { key: "a", cmp: "ex" } }), []);
  assert.deepEqual(granted({ ...plain, historySize: 1, slowPolicy: "conflate" }, all), []);
});

function pageOf(offsets: readonly number[], top: number): HistoryPage {
  const messages = offsets.map((offset) => ({ offset, message: encodePublication(String(offset), "") }));
  return { position: { offset: top, epoch: "e" }, messages, isTruncated: false };
}

const terms = termsOf(durable, {}, false);
const since = { recover: true, offset: 1, epoch: "e" };

Deno.test("resume() answers all that was missed, from where the client was", () => {
  const { fields, position } = resume(since, terms, pageOf([2, 3], 3), 1_000);
  assert.deepEqual(JSON.parse(`{${fields.join(",")}}`), {
    positioned: true,
    recoverable: true,
    was_recovering: true,
    recovered: true,
    epoch: "e",
    offset: 1,
    publications: [{ data: 2, offset: 2 }, { data: 3, offset: 3 }],
  });
  assert.deepEqual(position, { offset: 3, epoch: "e" });
});

Deno.test("resume() answers none of what was missed when it is not all there or too large", () => {
  const wanted = {
    positioned: true,
    recoverable: true,
    was_recovering: true,
    epoch: "e",
    offset: 3,
  };
  for (const [page, maxBytes] of [[pageOf([3], 3), 1_000], [pageOf([2, 3], 3), 40]] as const) {
    const { fields, isRecovered } = resume(since, terms, page, maxBytes);
    assert.deepEqual(JSON.parse(`{${fields.join(",")}}`), wanted);
    assert.equal(isRecovered, false);
    assert.throws(() => resume({ ...since, flag: 3 }, terms, page, maxBytes), { code: 112 });
  }
  assert.equal(resume({ ...since, flag: 3 }, terms, pageOf([2, 3], 3), 1_000).isRecovered, true);
});

Deno.test("resume() takes an empty epoch for whichever there is", () => {
  assert.equal(resume({ recover: true }, terms, pageOf([1, 2], 2), 1_000).isRecovered, true);
});

Deno.test("resume() answers differences after a first whole payload", () => {
  const text = (n: number) => JSON.stringify({ n, text: "again and again and again and again".repeat(3) });
  const messages = [2, 3].map((offset) => ({ offset, message: encodePublication(text(offset), "") }));
  const page = { position: { offset: 3, epoch: "e" }, messages, isTruncated: false };
  const { fields, base } = resume(since, { ...terms, wantsDelta: true }, page, 10_000);
  const { publications } = JSON.parse(`{${fields.join(",")}}`);
  assert.deepEqual([publications[0].data, publications[0].delta, publications[1].delta], [
    text(2),
    undefined,
    true,
  ]);
  assert.equal(base, text(3));
});

Deno.test("readPublicationFields() reads tags and key that publicationFields() wrote", () => {
  const fields = publicationFields({
    publisher: '"info":{"user":"u"}',
    tags: { 'a"': "b" },
    key: "k",
    timeMs: 5,
  });
  assert.deepEqual(readPublicationFields(fields), { tags: { 'a"': "b" }, key: "k" });
  assert.deepEqual(JSON.parse(`{${fields}}`).time, 5);
  assert.equal(publicationFields({}), "");
});

Deno.test("PublishRates lets a second's worth through, and more as time passes", () => {
  const rates = new PublishRates();
  const limited = { ...plain, publishRate: 10 };
  const take = (nowMs: number) => rates.take(limited, nowMs);
  assert.deepEqual(Array.from({ length: 11 }, () => take(0)), [...Array(10).fill(true), false]);
  assert.deepEqual([take(99), take(200), take(200)], [false, true, true]);
});

Deno.test("SharedCalls lets askers share a call that starts after they came", async () => {
  const calls = new SharedCalls<number>();
  const releases: ((value: number) => void)[] = [];
  const call = () => new Promise<number>((resolve) => releases.push(resolve));
  const first = calls.ask("k", call);
  const [second, third] = [calls.ask("k", call), calls.ask("k", call)];
  const other = calls.ask("other", call);
  assert.equal(releases.length, 2);
  releases[0]?.(1);
  releases[1]?.(9);
  assert.deepEqual([await first, await other], [1, 9]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(releases.length, 3);
  releases[2]?.(2);
  assert.deepEqual(await Promise.all([second, third]), [2, 2]);
});

Deno.test("SharedCalls starts the next call after one that failed", async () => {
  const calls = new SharedCalls<number>();
  const first = calls.ask("k", () => Promise.reject(new Error("no")));
  const second = calls.ask("k", () => Promise.resolve(2));
  await assert.rejects(first);
  assert.equal(await second, 2);
});

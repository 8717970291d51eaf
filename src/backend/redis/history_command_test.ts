import assert from "node:assert/strict";
import { epochMaker, HistoryCommands, metaTtlMs } from "./history_command.ts";
import { redisKeys } from "./redis_keys.ts";
import type { RespValue } from "./resp_value.ts";
import { RespParser } from "./resp_parser.ts";

const keys = redisKeys("shoal:", 1);
const DAY_MS = 24 * 3_600_000;

/** The words of an encoded command. */
function wordsOf(text: string): RespValue {
  let words: RespValue = null;
  const parser = new RespParser({ onMessage() {}, onPush() {}, onReply: (value) => words = value });
  const bytes = new TextEncoder().encode(text);
  parser.target().set(bytes);
  parser.commit(bytes.length);
  return words;
}

function epochless(words: RespValue): RespValue {
  return Array.isArray(words) ? words.with(words.length - 6, "") : words;
}

Deno.test("HistoryCommands.publish() writes keys and arguments in the order of the script", () => {
  const commands = new HistoryCommands(keys, "sha");
  for (const channel of ["a{é}", "a{é}", "b"]) {
    const how = { generation: "g", keyHash: undefined };
    const { text, bytes } = commands.publish(channel, "é\n", { size: 5, ttlMs: 1_000.5 }, how);
    const own = [keys.stream(channel), keys.meta(channel), keys.channel(channel)];
    const limits = ["5", "1001", String(30 * DAY_MS), "300000"];
    assert.deepEqual(epochless(wordsOf(text)), [
      "EVALSHA",
      "sha",
      "2",
      ...own,
      "1h",
      "g",
      "",
      ...limits,
      "é\n",
    ]);
    assert.ok(Math.abs(bytes - new TextEncoder().encode(text).length) < 20);
  }
});

Deno.test("HistoryCommands.publish() names the result of an idempotency key as third key", () => {
  const options = { size: 1, ttlMs: 40 * DAY_MS, idempotencyTtlMs: 7 };
  const how = { generation: "g", keyHash: "hash" };
  const { text } = new HistoryCommands(keys, "sha").publish("a", "m", options, how);
  const own = [keys.stream("a"), keys.meta("a"), "shoal:{p0}idem:a:hash", keys.channel("a")];
  const limits = ["1", String(40 * DAY_MS), String(41 * DAY_MS), "7"];
  assert.deepEqual(epochless(wordsOf(text)), ["EVALSHA", "sha", "3", ...own, "1h", "g", "", ...limits, "m"]);
});

Deno.test("metaTtlMs() is 30 days, and longer than any stream's life", () => {
  assert.equal(metaTtlMs(), 30 * DAY_MS);
  assert.equal(metaTtlMs(1), 30 * DAY_MS);
  assert.ok(metaTtlMs(90 * DAY_MS) > 90 * DAY_MS);
});

Deno.test("epochMaker() makes 2000 different epochs without a space", () => {
  const next = epochMaker();
  const epochs = new Set(Array.from({ length: 2_000 }, next));
  assert.equal(epochs.size, 2_000);
  for (const epoch of epochs) assert.match(epoch, /^[a-z0-5]{8}$/);
});

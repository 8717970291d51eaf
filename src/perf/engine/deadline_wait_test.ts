import assert from "node:assert/strict";
import { sleep, waitForEvent } from "./deadline_wait.ts";

const LONG_MS = 5_000;

async function tookMs(work: Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work;
  return performance.now() - beganMs;
}

Deno.test("sleep() ends at an abort, and does not begin after one", async () => {
  const stop = new AbortController();
  const sleeping = tookMs(sleep(LONG_MS, stop.signal));
  stop.abort();
  assert.ok(await sleeping < LONG_MS);
  assert.ok(await tookMs(sleep(LONG_MS, stop.signal)) < LONG_MS);
});

Deno.test("waitForEvent() ends at its event and leaves no timer behind", async () => {
  const { signal } = new AbortController();
  const arm = (onEvent: () => void) => onEvent();
  assert.ok(await tookMs(waitForEvent({ arm, signal, maxMs: LONG_MS, abortedMs: LONG_MS })) < LONG_MS);
});

Deno.test("waitForEvent() waits after an abort only as long as an abort leaves", async () => {
  const signal = AbortSignal.abort();
  assert.ok(await tookMs(waitForEvent({ arm: () => {}, signal, maxMs: LONG_MS, abortedMs: 0 })) < LONG_MS);
});

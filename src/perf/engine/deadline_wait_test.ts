import assert from "node:assert/strict";
import { sleep, waitForEvent } from "./deadline_wait.ts";

const DAY_MS = 86_400_000;

Deno.test("sleep() ends at an abort, and does not begin after one", async () => {
  const { signal, abort } = abortable();
  const sleeping = sleep(DAY_MS, signal);
  abort();
  await sleeping;
  await sleep(DAY_MS, signal);
});

Deno.test("waitForEvent() ends at its event and leaves no timer behind", async () => {
  const { signal } = abortable();
  await waitForEvent({ arm: (onEvent) => onEvent(), signal, maxMs: DAY_MS, abortedMs: DAY_MS });
});

Deno.test("waitForEvent() after an abort waits only as long as an abort leaves", async () => {
  const { signal, abort } = abortable();
  abort();
  await waitForEvent({ arm: () => {}, signal, maxMs: DAY_MS, abortedMs: 0 });
  assert.ok(signal.aborted);
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

import assert from "node:assert/strict";
import { systemClock } from "./clock.ts";

Deno.test("systemClock's monotonic clock never goes back, and its wall clock counts from 1970", () => {
  const first = systemClock.monotonicMs();
  assert.ok(systemClock.monotonicMs() >= first);
  assert.ok(systemClock.wallMs() > Date.UTC(2024, 0));
});

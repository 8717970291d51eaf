import assert from "node:assert/strict";
import { backoffMs } from "./backoff.ts";

const OPTIONS = { baseMs: 50, maxMs: 1_000 };

Deno.test("backoffMs() doubles from the base up to the maximum", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(attempt, OPTIONS, 1));
  assert.deepEqual(waits, [50, 100, 200, 400, 800, 1_000, 1_000]);
});

Deno.test("backoffMs() says at least half of the full wait at fraction 0", () => {
  assert.equal(backoffMs(0, OPTIONS, 0), 25);
  assert.equal(backoffMs(9, OPTIONS, 0), 500);
});

Deno.test("backoffMs() stays at the maximum after ten thousand attempts", () => {
  assert.equal(backoffMs(10_000, OPTIONS, 1), 1_000);
});

Deno.test("backoffMs() treats a negative attempt as the first", () => {
  assert.equal(backoffMs(-1, OPTIONS, 1), 50);
});

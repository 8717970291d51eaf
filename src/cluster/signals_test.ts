import assert from "node:assert/strict";
import { judgeSignal } from "./signals.ts";

Deno.test("judgeSignal() ends at the first signal", () => {
  assert.equal(judgeSignal(undefined, 10_000), "end");
});

Deno.test("judgeSignal() ignores one that comes within a second of the first", () => {
  assert.equal(judgeSignal(10_000, 10_001), "ignore");
  assert.equal(judgeSignal(10_000, 11_000), "ignore");
});

Deno.test("judgeSignal() kills at one that comes later", () => {
  assert.equal(judgeSignal(10_000, 11_001), "kill");
});

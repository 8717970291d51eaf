import assert from "node:assert/strict";
import { Governor } from "./governor.ts";

function governed(shares: readonly number[]) {
  let [at, nowMs] = [0, 0];
  const governor = new Governor({ pauseBelow: 0.1, resumeAbove: 0.2 }, () => shares[at] ?? 1, () => nowMs);
  const decisions = shares.map((_, step) => {
    [at, nowMs] = [step, step * 100];
    return governor.mayConnect();
  });
  return { decisions, rows: governor.stop() };
}

Deno.test("Governor pauses below one share and goes on above another, without fluttering in between", () => {
  const { decisions } = governed([0.3, 0.09, 0.15, 0.19, 0.21, 0.15, 0.11]);
  assert.deepEqual(decisions, [true, false, false, false, true, true, true]);
});

Deno.test("Governor stamps each pause with its time and reason, also one that still lasts", () => {
  const { rows } = governed([0.3, 0.05, 0.3, 0.04]);
  assert.deepEqual(rows, [
    { fromMs: 100, toMs: 200, reason: "5.0% of memory was available (limit 10.0%)" },
    { fromMs: 300, toMs: 300, reason: "4.0% of memory was available (limit 10.0%)" },
  ]);
});

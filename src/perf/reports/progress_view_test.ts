import assert from "node:assert/strict";
import { ProgressView } from "./progress_view.ts";

function viewOf(isTerminal: boolean) {
  const written: string[] = [];
  const time = { nowMs: 0 };
  const view = new ProgressView({ isTerminal, write: (text) => written.push(text) }, () => time.nowMs);
  return { view, written, time };
}

const progress = { phase: "measure", done: 5, total: 10, errors: 0 } as const;

Deno.test("ProgressView redraws one line at most four times a second on a terminal", () => {
  const { view, written, time } = viewOf(true);
  for (time.nowMs = 0; time.nowMs < 1_000; time.nowMs += 10) view.show(progress);
  assert.equal(written.length, 4);
  assert.ok(written.every((text) => text.startsWith("\r") && !text.includes("\n")));
});

Deno.test("ProgressView writes a line each five seconds and at each phase elsewhere", () => {
  const { view, written, time } = viewOf(false);
  for (time.nowMs = 0; time.nowMs <= 10_000; time.nowMs += 250) view.show(progress);
  view.show({ ...progress, phase: "drain" });
  assert.equal(written.length, 4);
  assert.equal(written[0], "elapsed=0.0s phase=measure done=5 total=10 errors=0\n");
});

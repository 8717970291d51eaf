import assert from "node:assert/strict";
import type { Progress } from "../engine/engine.ts";
import { JsonProgress } from "./json_lines.ts";

const state = { phase: "measure", done: 1, total: 10, errors: 0 } as const satisfies Progress;

function written(steps: readonly (readonly [number, Progress])[]): readonly Record<string, unknown>[] {
  let nowMs = 1_000;
  let text = "";
  const sink = { isTerminal: false, write: (some: string) => void (text += some) };
  const progress = new JsonProgress(sink, () => nowMs);
  for (const [atMs, step] of steps) {
    nowMs = 1_000 + atMs;
    progress.show(step);
  }
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("JsonProgress show() writes a line a second, and one for each new phase", () => {
  const lines = written([[0, state], [900, state], [1_000, state], [1_100, { ...state, phase: "drain" }]]);
  assert.deepEqual(lines.map(({ elapsedMs, phase }) => [elapsedMs, phase]), [
    [0, "measure"],
    [1_000, "measure"],
    [1_100, "drain"],
  ]);
});

Deno.test("JsonProgress show() tells of each instance", () => {
  const row = { instance: "a", connections: 1, sent: 2, received: 2, bytesSent: 1, bytesReceived: 1 };
  const instances = [{ ...row, errors: 0, reconnects: 0, p50Us: 5, p99Us: 9 }];
  const [line] = written([[0, { ...state, instances }]]);
  assert.deepEqual(line, { kind: "progress", elapsedMs: 0, ...state, instances });
});

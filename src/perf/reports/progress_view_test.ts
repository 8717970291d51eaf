import assert from "node:assert/strict";
import type { InstanceProgress } from "../engine/engine.ts";
import { liveTable } from "./live_table.ts";
import { ProgressView } from "./progress_view.ts";

function viewOf(isTerminal: boolean, columns = 80, rows = 24) {
  const written: string[] = [];
  const time = { nowMs: 0 };
  const sink = { isTerminal, size: () => ({ columns, rows }), write: (text: string) => written.push(text) };
  const view = new ProgressView(sink, () => time.nowMs);
  return { view, written, time };
}

const progress = { phase: "measure", done: 5, total: 10, errors: 0 } as const;

function instance(name: string, sent: number): InstanceProgress {
  return {
    instance: name,
    connections: 50,
    sent,
    received: sent - 1,
    bytesSent: 0,
    bytesReceived: 0,
    errors: 0,
    reconnects: 0,
    p50Us: 900,
    p99Us: 12_000,
  };
}

/** What a terminal shows after `writes`, for the few codes that the view uses. */
function screenOf(writes: readonly string[]): readonly string[] {
  let lines: string[] = [];
  for (const text of writes) {
    // deno-lint-ignore no-control-regex
    const [, up = "0", rest = ""] = /^\r(?:\x1b\[(\d+)A)?\x1b\[J([\s\S]*)$/.exec(text) ?? [];
    lines = [...lines.slice(0, Math.max(0, lines.length - 1 - Number(up))), ...rest.split("\n")];
  }
  return lines;
}

Deno.test("ProgressView redraws at most four times a second on a terminal", () => {
  const { view, written, time } = viewOf(true);
  for (time.nowMs = 0; time.nowMs < 1_000; time.nowMs += 10) view.show(progress);
  assert.equal(written.length, 4);
  assert.deepEqual(screenOf(written), ["    0.8s  measure [##########..........] 50% · 5/10"]);
});

Deno.test("ProgressView draws its table in place and takes it away", () => {
  const { view, written, time } = viewOf(true);
  for (const second of [0, 1, 2]) {
    time.nowMs = second * 1_000;
    view.show({ ...progress, instances: [instance("a:1", second * 500), instance("b:2", second * 500)] });
  }
  assert.deepEqual(screenOf(written), [
    "    2.0s  measure [##########..........] 50% · 5/10",
    "  INSTANCE  CONNS  SENT/s  RECV/s     p50     p99  ERR",
    "  a:1          50   500.0   500.0  0.90ms  12.0ms    0",
    "  b:2          50   500.0   500.0  0.90ms  12.0ms    0",
    "  TOTAL       100  1000.0  1000.0                    0",
  ]);
  view.clear();
  assert.deepEqual(screenOf(written), [""]);
});

Deno.test("ProgressView never writes a line as wide as the window, nor more lines than it has", () => {
  for (const [columns, rows] of [[30, 6], [44, 10], [80, 5]] as const) {
    const { view, written, time } = viewOf(true, columns, rows);
    const instances = Array.from({ length: 40 }, (_, at) => instance(`127.0.0.1:${8_000 + at}`, 1_000));
    for (time.nowMs = 0; time.nowMs < 3_000; time.nowMs += 500) view.show({ ...progress, instances });
    const screen = screenOf(written);
    assert.ok(screen.length < rows, `${screen.length} lines in ${rows}`);
    assert.deepEqual(screen.filter((line) => line.length >= columns), []);
  }
});

Deno.test("liveTable() leaves columns out in a narrow window, rates last", () => {
  const now = { atMs: 1_000, instances: [instance("127.0.0.1:8080", 500)] };
  const before = { atMs: 0, instances: [instance("127.0.0.1:8080", 0)] };
  const [head = ""] = liveTable(now, before, { columns: 40, rows: 24 });
  assert.equal(head, "  INSTANCE        RECV/s     p99  ERR");
});

Deno.test("ProgressView writes a line each five seconds and at each phase elsewhere", () => {
  const { view, written, time } = viewOf(false);
  for (time.nowMs = 0; time.nowMs <= 10_000; time.nowMs += 250) view.show(progress);
  view.show({ ...progress, phase: "drain" });
  assert.equal(written.length, 4);
  assert.equal(written[0], "elapsed=0.0s phase=measure done=5 total=10 errors=0\n");
});

Deno.test("ProgressView counts no rate over two phases, and none while it warms up", () => {
  const { view, written, time } = viewOf(true);
  const show = (nowMs: number, phase: "warm-up" | "measure", sent: number) => {
    time.nowMs = nowMs;
    view.show({ ...progress, phase, instances: [instance("a:1", sent)] });
    return screenOf(written)[2];
  };
  assert.equal(show(0, "warm-up", 0), "  a:1          50       -       -  0.90ms  12.0ms    0");
  assert.equal(show(2_000, "warm-up", 0), "  a:1          50       -       -  0.90ms  12.0ms    0");
  show(2_900, "measure", 100);
  assert.equal(show(3_400, "measure", 600), "  a:1          50  1000.0  1000.0  0.90ms  12.0ms    0");
});

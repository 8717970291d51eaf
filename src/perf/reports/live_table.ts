/** The rows of the live view: instances with their rates, in as many columns and lines as the window has. Pure. */
import type { InstanceProgress } from "../engine/engine.ts";
import { totalProgress } from "../engine/total_progress.ts";
import type { WindowSize } from "../../core/window_size.ts";
import { formatCount, formatRate, formatUs } from "../units.ts";

/** What one instance had done when, for rates. */
export interface Snapshot {
  readonly atMs: number;
  readonly instances: readonly InstanceProgress[];
}

interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

const HEAD = ["CONNS", "SENT/s", "RECV/s", "p50", "p99", "ERR"] as const;
/** What a narrow window does without, first to last. */
const LEAVE_OUT = [0, 3, 1, 5, 4] as const;
/** Lines around the rows: progress, head, total, and the prompt. */
const OTHER_LINES = 5;

/** Head, instances and total at `now`; rates are those since `before`. */
export function liveTable(now: Snapshot, before: Snapshot | undefined, size: WindowSize): readonly string[] {
  const most = Math.max(1, size.rows - OTHER_LINES);
  const shown = now.instances.slice(0, most);
  const rows = [
    { name: "INSTANCE", cells: HEAD },
    ...shown.map((instance) => rowOf(instance, now, before)),
    ...(now.instances.length > 1 ? [totalOf(now, before)] : []),
  ];
  const left = now.instances.length - shown.length;
  return [...lay(rows, size.columns), ...(left > 0 ? [`  and ${left} more instances`] : [])];
}

function rowOf(instance: InstanceProgress, now: Snapshot, before: Snapshot | undefined): Row {
  const old = before?.instances.find((row) => row.instance === instance.instance);
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1_000;
  const rate = (field: "sent" | "received") =>
    old === undefined || seconds <= 0 ? "-" : formatRate(Math.max(0, instance[field] - old[field]) / seconds);
  return {
    name: instance.instance,
    cells: [
      formatCount(instance.connections),
      rate("sent"),
      rate("received"),
      formatUs(instance.p50Us),
      formatUs(instance.p99Us),
      formatCount(instance.errors),
    ],
  };
}

/** Percentiles of all together cannot be had from those of each, so they are left out. */
function totalOf(now: Snapshot, before: Snapshot | undefined): Row {
  const { name, cells: [connections = "", sent = "", received = "", , , errors = ""] } = rowOf(
    totalProgress("TOTAL", now.instances),
    now,
    before && { ...before, instances: [totalProgress("TOTAL", before.instances)] },
  );
  return { name, cells: [connections, sent, received, "", "", errors] };
}

function lay(rows: readonly Row[], columns: number): readonly string[] {
  const kept = HEAD.map((_, at) => at);
  for (const leftOut of LEAVE_OUT) {
    if (widthOf(rows, kept) <= columns) break;
    kept.splice(kept.indexOf(leftOut), 1);
  }
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  return rows.map(({ name, cells }) => {
    const texts = kept.map((at) => (cells[at] ?? "").padStart(columnWidth(rows, at)));
    return `  ${name.padEnd(nameWidth)}  ${texts.join("  ")}`.slice(0, columns).trimEnd();
  });
}

function columnWidth(rows: readonly Row[], at: number): number {
  return Math.max(...rows.map((row) => row.cells[at]?.length ?? 0));
}

function widthOf(rows: readonly Row[], kept: readonly number[]): number {
  const names = 2 + Math.max(...rows.map((row) => row.name.length));
  return kept.reduce((sum, at) => sum + 2 + columnWidth(rows, at), names);
}

/** The tables of the end screen. Pure. */
import type { InstanceStats } from "../targets/stats_watch.ts";
import type { CrossDigest, HttpDigest, TrafficDigest, TrafficRow, TwoViews } from "../truth/digest.ts";
import type { LatencySummary } from "../truth/histogram.ts";
import { formatCount, formatRate, formatShare, formatUs } from "../units.ts";
import { layTable, wrapText } from "./table.ts";

/** A larger gap between both views is worth a line of its own. */
const RAW_DIFFERS_BY = 0.1;
/** What a narrow terminal does without, first to last; the reports have it all. */
const LEAVE_OUT = ["p99.9", "LAG", "RSS MB", "CPU%", "GEN CPU", "p90", "p95", "CONNS", "SENT/s", "ERR"];
/** More instances than this, and the matrix is left to the reports. */
const MAX_MATRIX_ON_SCREEN = 6;

/** What `/health` answered, instance by instance. */
export function httpLines(rows: readonly HttpDigest[], width: number): readonly string[] {
  const head = ["HTTP /health", "REQ/s", "OK", "p50", "p90", "p99", "max", "GEN CPU"];
  const lines = layTable([
    head,
    ...rows.map((row) => [
      row.instance,
      `${row.isGeneratorCeiling ? "≥ " : ""}${formatRate(row.perSec)}`,
      `${formatShare(row.succeeded, row.requests)} of ${formatCount(row.requests)}`,
      formatUs(row.latency.p50Us),
      formatUs(row.latency.p90Us),
      formatUs(row.latency.p99Us),
      formatUs(row.latency.maxUs),
      `${Math.round(row.generatorCpuCores * 100)}%`,
    ]),
  ], { width, leaveOut: LEAVE_OUT });
  const note = "  model closed: latency is not comparable across rates";
  const isCeiling = rows.some((row) => row.isGeneratorCeiling);
  const text = isCeiling ? `${note}; ≥: the generator's ceiling, not the server's` : note;
  return [...lines, ...wrapText(text, width, "  ")];
}

/** The traffic, instance by instance and in total, with what the instances tell of themselves. */
export function trafficLines(
  ws: TrafficDigest,
  stats: readonly InstanceStats[],
  width: number,
): readonly string[] {
  const head = ["INSTANCE", "CONNS", "SENT/s", "RECV/s", "p50", "p95", "p99", "p99.9", "max", "ERR"];
  const ownHead = ["CPU%", "RSS MB", "LAG"];
  const statsOf = (instance: string) => stats.find((row) => row.instance === instance);
  const hasStats = stats.some((row) => row.maxRssBytes !== undefined);
  const rows = ws.rows.map((
    row,
  ) => [...wsCells(row), ...(hasStats ? statsCells(statsOf(row.instance)) : [])]);
  const raw = ["raw (uncorrected)", "", "", "", ...latencyCells(ws.total.latency.raw)];
  return [
    ...layTable([
      [...head, ...(hasStats ? ownHead : [])],
      ...rows,
      wsCells(ws.total),
      ...(viewsDiffer(ws) ? [raw] : []),
    ], { width, leaveOut: LEAVE_OUT }),
    ...[...censoredLine(ws.total.latency), ...closedLine(ws)].flatMap((line) => wrapText(line, width, "  ")),
  ];
}

function wsCells(row: TrafficRow): readonly string[] {
  return [
    row.instance,
    String(row.connections),
    formatRate(row.sentPerSec),
    formatRate(row.receivedPerSec),
    ...latencyCells(row.latency.corrected),
    String(row.failed + row.duplicate),
  ];
}

function latencyCells(latency: LatencySummary): readonly string[] {
  return [latency.p50Us, latency.p95Us, latency.p99Us, latency.p999Us, latency.maxUs].map(formatUs);
}

function statsCells(stats: InstanceStats | undefined): readonly string[] {
  const orDash = (value: number | undefined, show: (value: number) => string) =>
    value === undefined ? "-" : show(value);
  return [
    orDash(stats?.maxCpuPercent, (percent) => String(Math.round(percent))),
    orDash(stats?.maxRssBytes, (bytes) => String(Math.round(bytes / 1_048_576))),
    orDash(stats?.maxLagMs, (ms) => formatUs(ms * 1_000)),
  ];
}

function viewsDiffer(ws: TrafficDigest): boolean {
  const { corrected, raw } = ws.total.latency;
  const pairs = [[corrected.p99Us, raw.p99Us], [corrected.maxUs, raw.maxUs]] as const;
  return pairs.some(([one, other]) =>
    one !== undefined && other !== undefined && Math.abs(one - other) > RAW_DIFFERS_BY * Math.max(one, other)
  );
}

function closedLine({ model }: TrafficDigest): readonly string[] {
  return model === "closed" ? ["  model closed: latency is not comparable across rates"] : [];
}

function censoredLine(latency: TwoViews): readonly string[] {
  if (latency.censored === 0) return [];
  return [
    `  ${
      formatCount(latency.censored)
    } unanswered messages count with the age they reached: the tail is a lower bound`,
  ];
}

/** From instance to instance: local against remote, and all pairs of a small cluster. */
export function crossLines(cross: CrossDigest, width: number): readonly string[] {
  const names = [...new Set(cross.rows.map((row) => row.from))];
  const { local, remote } = cross;
  const hasRemote = remote.corrected.count > 0;
  const lines = [
    ["CROSS-INSTANCE", "n", "p50", "p95", "p99", "p99.9", "max"],
    ["local", formatCount(local.corrected.count), ...latencyCells(local.corrected)],
    ...(hasRemote
      ? [["remote", formatCount(remote.corrected.count), ...latencyCells(remote.corrected)]]
      : []),
    ...(hasRemote ? [["cluster tax", "", ...taxCells(local.corrected, remote.corrected)]] : []),
  ];
  const isSmall = names.length > 1 && names.length <= MAX_MATRIX_ON_SCREEN;
  const matrix = isSmall ? layTable(crossMatrix(cross), { width }) : [];
  const fits = isSmall && matrix.every((line) => line.length <= width);
  return [...layTable(lines, { width, leaveOut: LEAVE_OUT }), ...(fits ? ["", ...matrix] : [])];
}

function taxCells(local: LatencySummary, remote: LatencySummary): readonly string[] {
  const tax = (one: number | undefined, other: number | undefined) => {
    if (one === undefined || other === undefined) return "n/a";
    return `${other >= one ? "+" : "-"}${formatUs(Math.abs(other - one))}`;
  };
  return [tax(local.p50Us, remote.p50Us), tax(local.p95Us, remote.p95Us), tax(local.p99Us, remote.p99Us)];
}

/** p50 / p99 by publisher (rows) and subscriber (columns). */
export function crossMatrix(cross: CrossDigest): readonly (readonly string[])[] {
  const names = [...new Set(cross.rows.map((row) => row.from))];
  const cell = (from: string, to: string) => {
    const latency = cross.rows.find((row) => row.from === from && row.to === to)?.latency.corrected;
    return `${formatUs(latency?.p50Us)} / ${formatUs(latency?.p99Us)}`;
  };
  return [
    ["p50 / p99 from \\ to", ...names],
    ...names.map((from) => [from, ...names.map((to) => cell(from, to))]),
  ];
}

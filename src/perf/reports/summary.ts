/** The end screen: verdict first, then the demands, then the numbers, in at most 100 columns, readable without colour. */
import type {
  CrossDigest,
  Digest,
  HttpDigest,
  TrafficDigest,
  TrafficRow,
  TwoViews,
} from "../truth/digest.ts";
import type { LatencySummary } from "../truth/histogram.ts";
import type { RunReport } from "./run_report.ts";
import type { InstanceStats } from "../targets/stats_watch.ts";
import { layTable, wrapText } from "./table.ts";
import { formatCount, formatRate, formatSeconds, formatShare, formatUs } from "../units.ts";
import type { Verdict } from "../truth/verdict.ts";

/** Colours, or the identity where none are wanted. */
export interface Palette {
  readonly bold: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly dim: (text: string) => string;
}

const same = (text: string) => text;

/** No colours. */
export const plainPalette: Palette = { bold: same, green: same, red: same, yellow: same, dim: same };

const DIAGNOSTIC_NOTE = "  The numbers below are for finding the cause, not for quoting.";
const LOOPBACK_NOTE =
  "  Loopback and shared cores tell ratios, not absolutes. Latency counts from the intended send.";

const WIDTH = 98;
/** A shorter one rounds to nothing. */
const MIN_DRAIN_SHOWN_MS = 50;
/** A larger gap between both views is worth a line of its own. */
const RAW_DIFFERS_BY = 0.1;
/** More instances than this, and the matrix is left to the reports. */
const MAX_MATRIX_ON_SCREEN = 6;

/** The screen, line by line. */
export function summaryLines(
  report: RunReport,
  files: readonly string[],
  palette = plainPalette,
): readonly string[] {
  const { digest, verdict } = report;
  return [
    "",
    ...headLines(report, palette),
    ...sloLines(verdict),
    ...(digest.http.length === 0 ? [] : ["", ...httpLines(digest.http)]),
    ...(digest.traffic === undefined ? [] : ["", ...wsLines(digest.traffic, report.stats)]),
    ...(digest.cross === undefined ? [] : ["", ...crossLines(digest.cross)]),
    "",
    ...accountLines(report),
    ...errorLines(report, palette),
    ...filesLine(files),
    "",
  ];
}

function filesLine(files: readonly string[]): readonly string[] {
  const [first] = files;
  if (first === undefined) return [];
  const folder = first.slice(0, first.lastIndexOf("/") + 1);
  return layAccounts([["FILES", `${folder}: ${files.map((file) => file.slice(folder.length)).join(" ")}`]]);
}

function headLines(report: RunReport, palette: Palette): readonly string[] {
  const { verdict } = report;
  const isInvalid = verdict.word === "INVALID";
  const badge = badgeText(verdict);
  const claim = isInvalid ? "no result can be claimed" : planText(report);
  const [first = "", ...rest] = wrapText(` ${badge}  ${titleOf(report)} · ${claim}`, WIDTH, "   ");
  const colour = { PASS: palette.green, FAIL: palette.red, INVALID: palette.yellow }[verdict.word];
  const reasons = verdict.findings.flatMap((finding) =>
    wrapText(`  ${finding.name}: ${finding.text}`, WIDTH, "    ")
  );
  return [
    // Coloured after wrapping: escape codes have no width.
    first.replace(` ${badge} `, () => colour(palette.bold(` ${badge} `))),
    ...rest,
    ...reasons,
    palette.dim(isInvalid ? DIAGNOSTIC_NOTE : LOOPBACK_NOTE),
  ];
}

/** Verdict and reasons in capitals, like `PASS` or `INVALID(throttled)`. */
export function badgeText(verdict: Verdict): string {
  const reasons = verdict.findings.map((finding) => finding.name).filter((name) => name !== "slo");
  if (verdict.word === "INVALID") {
    return `INVALID(${[...new Set(reasons)].join(", ")})`;
  }
  return verdict.isSaturated ? `${verdict.word} SATURATED` : verdict.word;
}

function titleOf(report: RunReport): string {
  const { options } = report;
  return `${options.scenario.name} · ${options.targets.length} instance${
    options.targets.length === 1 ? "" : "s"
  }`;
}

function planText(report: RunReport): string {
  const { options, result } = report;
  const { scenario } = options;
  if (result.traffic === undefined) return `parts ${options.parts.join(", ")}`;
  const measured = formatSeconds(result.traffic.sendMs);
  const model = scenario.model === "open" ? `open ${formatRate(scenario.perSec)}/s` : "closed loop";
  return `${model} · ${formatCount(scenario.connections)} conns · ` +
    `${formatCount(result.traffic.asked)} msgs · ${measured} ` +
    `(+${formatSeconds(result.traffic.warmupMs)} warm-up${drainText(result.traffic.drainMs)})`;
}

function drainText(drainMs: number): string {
  return drainMs < MIN_DRAIN_SHOWN_MS ? "" : `, +${formatSeconds(drainMs)} drain`;
}

function sloLines(verdict: Verdict): readonly string[] {
  const marks = verdict.checks.map((check) => {
    const mark = check.isKept === undefined ? "?" : check.isKept ? "✓" : "✗";
    return `${mark} ${check.text}\u00a0(${check.measured})`;
  });
  if (marks.length === 0) return [];
  return wrapText(
    `  SLO  ${marks.map((mark) => mark.replaceAll(" ", "\u00a0")).join(" ")}`,
    WIDTH,
    "       ",
  )
    .map((line) => line.replaceAll("\u00a0", " "));
}

function httpLines(rows: readonly HttpDigest[]): readonly string[] {
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
  ]);
  const note = "  model closed: latency is not comparable across rates";
  const isCeiling = rows.some((row) => row.isGeneratorCeiling);
  return [...lines, isCeiling ? `${note}; ≥: the generator's ceiling, not the server's` : note];
}

function wsLines(ws: TrafficDigest, stats: readonly InstanceStats[]): readonly string[] {
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
    ]),
    ...censoredLine(ws.total.latency),
    ...closedLine(ws),
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

function crossLines(cross: CrossDigest): readonly string[] {
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
  return [...layTable(lines), ...(isSmall ? ["", ...layTable(crossMatrix(cross))] : [])];
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

function accountLines(report: RunReport): readonly string[] {
  return layAccounts(accountsOf(report));
}

function layAccounts(accounts: readonly (readonly [string, string])[]): readonly string[] {
  return accounts.flatMap(([name, text]) => wrapText(`  ${name.padEnd(16)}${text}`, WIDTH, " ".repeat(18)));
}

/** Connecting, success with its denominator, the delivery ledger and the generator, as name and sentence. */
export function accountsOf(report: RunReport): readonly (readonly [string, string])[] {
  const { digest, result } = report;
  const accounts: (readonly [string, string])[] = [];
  if (result.traffic !== undefined && digest.traffic !== undefined) {
    accounts.push(["CONNECT", connectText(result.traffic.connect, digest.traffic)]);
    accounts.push(["SUCCESS", successText(digest.traffic.total, result.traffic.neverTried)]);
    accounts.push(...spreadAccount(digest.traffic));
  }
  if (digest.cross !== undefined) accounts.push(["LEDGER", ledgerText(digest.cross, report)]);
  const generator = generatorText(digest, report);
  if (generator !== undefined) accounts.push(["GENERATOR", generator]);
  return accounts;
}

/** What averages hide: uneven instances, and the slowest second. */
function spreadAccount(traffic: TrafficDigest): readonly (readonly [string, string])[] {
  const { imbalance, slowestSecond, p1Second, total } = traffic;
  if (slowestSecond === undefined || imbalance === undefined) return [];
  const text = `imbalance ${imbalance.toFixed(2)} · slowest second ${
    formatCount(slowestSecond)
  } messages, p1 ${formatCount(p1Second ?? slowestSecond)}, average ${formatRate(total.receivedPerSec)}`;
  return [["EVENNESS", text]];
}

function connectText(
  connect: { open: number; asked: number; failed: number; retries: number; tookMs: number },
  ws: TrafficDigest,
): string {
  const rate = connect.tookMs <= 0 ? 0 : connect.open * 1_000 / connect.tookMs;
  return `${connect.open}/${connect.asked} ok · failed ${connect.failed} · ${formatRate(rate)}/s · ` +
    `tcp ${tailText(ws.tcp)} · upgrade ${tailText(ws.upgrade)} · ready ${
      tailText(ws.ready)
    } · retries ${connect.retries}`;
}

/** Median and the farthest percentile that there are samples for. */
function tailText(latency: LatencySummary): string {
  const tail = latency.p99Us === undefined
    ? `max ${formatUs(latency.maxUs)}`
    : `p99 ${formatUs(latency.p99Us)}`;
  return latency.p50Us === undefined ? tail : `p50 ${formatUs(latency.p50Us)} ${tail}`;
}

function successText(total: TrafficRow, neverTried: number): string {
  return `${formatShare(total.answered, total.tried)}: ${formatCount(total.answered)} untouched answers of ` +
    `${formatCount(total.tried)} tried · unanswered ${total.unanswered} · duplicate ${total.duplicate}` +
    (neverTried > 0 ? ` · never tried ${formatCount(neverTried)}` : "");
}

function ledgerText(cross: CrossDigest, report: RunReport): string {
  const { ledger } = cross;
  return `published ${formatCount(report.result.cross?.published ?? 0)} · expected ${
    formatCount(ledger.expected)
  } · ` +
    `received ${
      formatCount(ledger.received)
    } · lost ${ledger.lost} · dup ${ledger.duplicate} · reordered ${ledger.reordered} · late ${ledger.late}`;
}

function generatorText(digest: Digest, report: RunReport): string | undefined {
  const health = digest.traffic?.generator ?? digest.cross?.generator;
  if (health === undefined) return undefined;
  const processes = `${health.processes} process${health.processes === 1 ? "" : "es"}`;
  return `${processes} · CPU ${Math.round(health.cpuCores * 100)}% of a core · ` +
    `late sends ${(health.lateShare * 100).toFixed(1)}% (over ${health.lateAfterMs.toFixed(1)} ms) · ` +
    `send lag ${tailText(health.sendLag)} · loop lag ${tailText(health.loopLag)} · ` +
    `pacer ${report.options.pacer}${throttledText(digest)} · ${
      formatCount(health.sends / Math.max(health.cpuSeconds, 1e-9))
    } messages per core-second`;
}

function throttledText(digest: Digest): string {
  const ms = digest.traffic?.throttledMs ?? 0;
  return ms === 0 ? "" : ` · throttled ${formatSeconds(ms)}`;
}

function errorLines(report: RunReport, palette: Palette): readonly string[] {
  const rows = report.result.errors;
  const shown = rows.slice(0, 8).flatMap((row) =>
    wrapText(
      `  ${"ERROR".padEnd(16)}${row.class} × ${row.count} on ${row.instance}: ${row.sample}`,
      WIDTH,
      " ".repeat(18),
    )
  );
  const more = rows.length > 8 ? [`  ${" ".repeat(16)}and ${rows.length - 8} more kinds, in run.json`] : [];
  return [...shown, ...more].map((line) => palette.red(line));
}

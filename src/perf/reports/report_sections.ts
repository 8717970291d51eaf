/** What a written report says, as titles, sentences and tables: Markdown and HTML are two ways to write them. Pure. */
import { formatPayload } from "../scenario/payload_spec.ts";
import type { LatencySummary } from "../truth/histogram.ts";
import { formatCount, formatRate, formatSeconds, formatShare, formatUs } from "../units.ts";
import type { RunReport } from "./run_report.ts";
import { accountsOf } from "./account_texts.ts";
import { crossMatrix } from "./summary_tables.ts";

/** Cells of a head and rows of the same length; a head of empty cells is none. */
export interface SectionTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One part of a report. */
export interface Section {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly tables: readonly SectionTable[];
}

const LATENCY_HEAD = ["min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];

/** Title of the whole report: the verdict before anything else. */
export function reportTitle(report: RunReport): string {
  const { verdict, options } = report;
  const count = options.targets.length;
  return `${verdict.word}: ${options.scenario.name}, ${count} instance${count === 1 ? "" : "s"}`;
}

/** What may and may not be claimed. */
export function claimSentences(report: RunReport): readonly string[] {
  const { word, isSaturated } = report.verdict;
  return [
    ...(word === "INVALID" ? ["No result can be claimed; the numbers below are for finding the cause."] : []),
    ...(isSaturated ? ["Saturated: the throughput is the capacity, the latency is mostly queueing."] : []),
  ];
}

/** The demands and whether they were kept. */
export function demandTable(report: RunReport): SectionTable {
  const keptText = (isKept: boolean | undefined) =>
    isKept === undefined ? "cannot be judged" : isKept ? "yes" : "no";
  return {
    head: ["SLO", "measured", "kept"],
    rows: report.verdict.checks.map((check) => [check.text, check.measured, keptText(check.isKept)]),
  };
}

/** All parts that the report has numbers for. */
export function reportSections(report: RunReport): readonly Section[] {
  return [
    ...httpSection(report),
    ...trafficSection(report),
    ...crossSection(report),
    { title: "Accounts", sentences: [], tables: [{ head: ["account", ""], rows: accountsOf(report) }] },
    ...errorSection(report),
    conditionsSection(report),
  ];
}

function httpSection({ digest }: RunReport): readonly Section[] {
  if (digest.http.length === 0) return [];
  const rows = digest.http.map((row) => [
    row.instance,
    `${row.isGeneratorCeiling ? "≥ " : ""}${formatRate(row.perSec)}`,
    `${formatShare(row.succeeded, row.requests)} of ${formatCount(row.requests)}`,
    ...latencyCells(row.latency),
  ]);
  return [{
    title: "HTTP: GET /health, closed loop",
    sentences: [
      "Latency of a closed loop is not comparable across rates. ≥: the generator's CPU was used up, the server can do more.",
    ],
    tables: [{ head: ["instance", "requests/s", "success", ...LATENCY_HEAD], rows }],
  }];
}

function latencyCells(latency: LatencySummary): readonly string[] {
  const { minUs, meanUs, p50Us, p90Us, p95Us, p99Us, p999Us, maxUs } = latency;
  return [minUs, meanUs, p50Us, p90Us, p95Us, p99Us, p999Us, maxUs].map(formatUs);
}

function trafficSection(report: RunReport): readonly Section[] {
  const { traffic } = report.digest;
  if (traffic === undefined) return [];
  const { pattern, model } = report.options.scenario;
  const rows = [...traffic.rows, traffic.total].map((row) => [
    row.instance,
    String(row.connections),
    formatRate(row.sentPerSec),
    formatRate(row.receivedPerSec),
    `${formatShare(row.answered, row.tried)} of ${formatCount(row.tried)}`,
    ...latencyCells(row.latency.corrected),
  ]);
  const raw = ["raw (uncorrected)", "", "", "", "", ...latencyCells(traffic.total.latency.raw)];
  return [{
    title: `Traffic: ${pattern.kind}, ${model} at ${formatRate(traffic.offeredPerSec)} messages/s`,
    sentences: [
      "Latency counts from the intended time of each send; the row raw counts from the actual send.",
      ...(model === "closed" ? ["Latency of a closed loop is not comparable across rates."] : []),
    ],
    tables: [{
      head: ["instance", "connections", "sent/s", "received/s", "success", ...LATENCY_HEAD],
      rows: [...rows, raw],
    }],
  }];
}

function crossSection({ digest }: RunReport): readonly Section[] {
  const { cross } = digest;
  if (cross === undefined) return [];
  const rows = ([["local", cross.local], ["remote", cross.remote]] as const)
    .filter(([, views]) => views.corrected.count > 0)
    .map(([name, views]) => [name, formatCount(views.corrected.count), ...latencyCells(views.corrected)]);
  const [head = [], ...matrix] = crossMatrix(cross);
  return [{
    title: "Across instances: publication to subscriber",
    sentences: [],
    tables: [{ head: ["path", "deliveries", ...LATENCY_HEAD], rows }, { head, rows: matrix }],
  }];
}

function errorSection({ result }: RunReport): readonly Section[] {
  if (result.errors.length === 0) return [];
  const rows = result.errors.map((row) => [
    row.class,
    row.instance,
    formatCount(row.count),
    `${formatSeconds(row.firstMs)} - ${formatSeconds(row.lastMs)}`,
    row.sample,
  ]);
  const head = ["class", "instance", "count", "when", "first one"];
  return [{ title: "Errors", sentences: [], tables: [{ head, rows }] }];
}

function conditionsSection(report: RunReport): Section {
  const { environment, options } = report;
  const rows = [
    ["started", report.startedAt],
    ["command", `perf ${report.argv.join(" ")}`.trim()],
    ["seed", String(options.seed)],
    ["payload", `${formatPayload(options.scenario.payload)} bytes`],
    ["Deno, V8", `${environment.deno}, ${environment.v8}`],
    ["machine", `${environment.cores} × ${environment.cpuModel}, ${environment.os} ${environment.arch}`],
    ["commit", environment.commit ?? "unknown"],
    ...report.instances.map((row) => [
      row.instance,
      `${row.node ?? "?"}, ${row.version ?? "?"}, backend ${row.backend ?? "?"}`,
    ]),
  ];
  const sentence = "Generator and servers share this machine's loopback and cores unless the targets say " +
    "otherwise: compare ratios of one session, not absolute numbers of two.";
  return { title: "Conditions", sentences: [sentence], tables: [{ head: ["", ""], rows }] };
}

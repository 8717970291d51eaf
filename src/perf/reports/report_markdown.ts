/** The report for people who were not there. */
import type { LatencySummary } from "../truth/histogram.ts";
import type { RunReport } from "./run_report.ts";
import { accountsOf, crossMatrix } from "./summary.ts";
import { formatPayload } from "../scenario/payload_spec.ts";
import { formatCount, formatRate, formatSeconds, formatShare, formatUs } from "../units.ts";

/** A whole Markdown document. */
export function markdownReport(report: RunReport): string {
  return [...head(report), ...numbers(report), ...conditions(report)].join("\n") + "\n";
}

function head(report: RunReport): readonly string[] {
  const { verdict, options } = report;
  return [
    `# ${verdict.word}: ${options.scenario.name}, ${options.targets.length} instances`,
    "",
    ...verdict.findings.map((finding) => `- **${finding.name}**: ${finding.text}`),
    ...(verdict.word === "INVALID"
      ? ["", "No result can be claimed; the numbers below are for finding the cause."]
      : []),
    ...(verdict.isSaturated
      ? ["", "Saturated: the throughput is the capacity, the latency is mostly queueing."]
      : []),
    "",
    ...table(
      ["SLO", "measured", "kept"],
      verdict.checks.map((check) => [check.text, check.measured, keptText(check.isKept)]),
    ),
  ];
}

function keptText(isKept: boolean | undefined): string {
  if (isKept === undefined) return "cannot be judged";
  return isKept ? "yes" : "no";
}

function numbers(report: RunReport): readonly string[] {
  const { digest } = report;
  return [
    ...(digest.http.length === 0 ? [] : httpSection(report)),
    ...(digest.traffic === undefined ? [] : wsSection(report)),
    ...(digest.cross === undefined ? [] : crossSection(report)),
    ...table(["account", ""], accountsOf(report)),
    ...errorSection(report),
  ];
}

function httpSection(report: RunReport): readonly string[] {
  const rows = report.digest.http.map((row) => [
    row.instance,
    `${row.isGeneratorCeiling ? "≥ " : ""}${formatRate(row.perSec)}`,
    `${formatShare(row.succeeded, row.requests)} of ${formatCount(row.requests)}`,
    ...latencyCells(row.latency),
  ]);
  return [
    "## HTTP: `GET /health`, closed loop",
    "",
    "Latency of a closed loop is not comparable across rates. ≥: the generator's CPU was used up, the server can do more.",
    "",
    ...table(["instance", "requests/s", "success", ...LATENCY_HEAD], rows),
  ];
}

const LATENCY_HEAD = ["min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];

function latencyCells(latency: LatencySummary): readonly string[] {
  const { minUs, meanUs, p50Us, p90Us, p95Us, p99Us, p999Us, maxUs } = latency;
  return [minUs, meanUs, p50Us, p90Us, p95Us, p99Us, p999Us, maxUs].map(formatUs);
}

function wsSection(report: RunReport): readonly string[] {
  const { traffic: ws } = report.digest;
  if (ws === undefined) return [];
  const { options } = report;
  const rows = [...ws.rows, ws.total].map((row) => [
    row.instance,
    String(row.connections),
    formatRate(row.sentPerSec),
    formatRate(row.receivedPerSec),
    `${formatShare(row.answered, row.tried)} of ${formatCount(row.tried)}`,
    ...latencyCells(row.latency.corrected),
  ]);
  const raw = ["raw (uncorrected)", "", "", "", "", ...latencyCells(ws.total.latency.raw)];
  return [
    `## Traffic: ${options.scenario.pattern.kind}, ${options.scenario.model} at ${
      formatRate(ws.offeredPerSec)
    } messages/s`,
    "",
    "Latency counts from the intended time of each send; `raw` counts from the actual send.",
    "",
    ...table(["instance", "connections", "sent/s", "received/s", "success", ...LATENCY_HEAD], [...rows, raw]),
  ];
}

function crossSection(report: RunReport): readonly string[] {
  const { cross } = report.digest;
  if (cross === undefined) return [];
  const rows = ([["local", cross.local], ["remote", cross.remote]] as const)
    .filter(([, views]) => views.corrected.count > 0)
    .map(([name, views]) => [name, formatCount(views.corrected.count), ...latencyCells(views.corrected)]);
  const [matrixHead = [], ...matrix] = crossMatrix(cross);
  return [
    "## Across instances: publication to subscriber",
    "",
    ...table(["path", "deliveries", ...LATENCY_HEAD], rows),
    ...table(matrixHead, matrix),
  ];
}

function errorSection(report: RunReport): readonly string[] {
  const { errors } = report.result;
  if (errors.length === 0) return [];
  const rows = errors.map((row) => [
    row.class,
    row.instance,
    formatCount(row.count),
    `${formatSeconds(row.firstMs)} - ${formatSeconds(row.lastMs)}`,
    row.sample,
  ]);
  return ["## Errors", "", ...table(["class", "instance", "count", "when", "first one"], rows)];
}

function conditions(report: RunReport): readonly string[] {
  const { environment, options } = report;
  const rows = [
    ["started", report.startedAt],
    ["command", `perf ${report.argv.join(" ")}`.trim()],
    ["seed", String(options.seed)],
    ["payload", `${formatPayload(options.scenario.payload)} bytes`],
    ["Deno, V8", `${environment.deno}, ${environment.v8}`],
    ["machine", `${environment.cores} × ${environment.cpuModel}, ${environment.os} ${environment.arch}`],
    ["commit", environment.commit ?? "unknown"],
    ...report.instances.map((
      row,
    ) => [row.instance, `${row.node ?? "?"}, ${row.version ?? "?"}, backend ${row.backend ?? "?"}`]),
  ];
  return [
    "## Conditions",
    "",
    "Generator and servers share this machine's loopback and cores unless the targets say otherwise: compare ratios of one",
    "session, not absolute numbers of two.",
    "",
    ...table(["", ""], rows),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** What a run has to keep: `rtt.p99<50ms`, `loss==0`, `success>=99.9%`, and whether it did. */
import type { Digest, TwoViews } from "./digest.ts";
import type { LatencySummary } from "./histogram.ts";
import { formatUs, parseDurationMs } from "../units.ts";
import { UsageError } from "../usage_error.ts";

type Operator = "<" | "<=" | ">" | ">=" | "==";

/** One demand. */
export interface Slo {
  /** As it was written. */
  readonly text: string;
  readonly metric: string;
  readonly operator: Operator;
  /** Microseconds for latencies, 0 to 1 for shares, else a count. */
  readonly limit: number;
}

/** A demand with what was measured. `isKept` is undefined when there is no such number. */
export interface SloCheck {
  readonly text: string;
  readonly metric: string;
  readonly measured: string;
  readonly isKept: boolean | undefined;
}

/** Numbers that prove the server correct; a run that breaks one of these has failed, however fast it was. */
export const CORRECTNESS_METRICS: readonly string[] = ["loss", "dup", "reordered"];

const SHARES: readonly string[] = ["success", "achieved"];
const PERCENTILES: Readonly<Record<string, keyof LatencySummary>> = {
  p50: "p50Us",
  p90: "p90Us",
  p95: "p95Us",
  p99: "p99Us",
  "p99.9": "p999Us",
  max: "maxUs",
};
const LATENCIES: readonly string[] = ["rtt", "raw", "cross", "http"];

/** Holds for every run unless the caller asks otherwise of the same metric. */
export const DEFAULT_SLOS: readonly Slo[] = parseSlos(
  "loss==0,dup==0,reordered==0,success>=99.9%,achieved>=98%",
);

/** Reads demands, comma-separated. Throws {@linkcode UsageError}. */
export function parseSlos(list: string): readonly Slo[] {
  return list.split(",").map((text) => text.trim()).filter((text) => text !== "").map(parseSlo);
}

function parseSlo(text: string): Slo {
  const [, metric = "", operator = "", value = ""] = /^([a-z0-9.]+)\s*(<=|>=|==|<|>)\s*(\S+)$/.exec(text) ??
    [];
  if (!isMetric(metric) || !isOperator(operator)) {
    const known = [...CORRECTNESS_METRICS, ...SHARES, ...LATENCIES.map((latency) => `${latency}.p99`)];
    throw new UsageError(
      `Cannot read SLO "${text}": write metric, comparison, limit; metrics are ${known.join(", ")}`,
    );
  }
  return { text, metric, operator, limit: parseLimit(metric, value, text) };
}

function parseLimit(metric: string, value: string, text: string): number {
  if (metric.includes(".")) return parseDurationMs(value) * 1_000;
  const [, digits = "", percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(value) ?? [];
  if (digits === "") throw new UsageError(`Cannot read SLO "${text}": "${value}" is no number`);
  return percent === undefined ? Number(digits) : Number(digits) / 100;
}

function isMetric(metric: string): boolean {
  const dot = metric.indexOf(".");
  if (dot < 0) return CORRECTNESS_METRICS.includes(metric) || SHARES.includes(metric);
  return LATENCIES.includes(metric.slice(0, dot)) && Object.hasOwn(PERCENTILES, metric.slice(dot + 1));
}

function isOperator(text: string): text is Operator {
  return ["<", "<=", ">", ">=", "=="].includes(text);
}

/** The caller's demands and, for metrics they do not name, the default ones. */
export function withDefaults(slos: readonly Slo[]): readonly Slo[] {
  const named = new Set(slos.map((slo) => slo.metric));
  return [...slos, ...DEFAULT_SLOS.filter((slo) => !named.has(slo.metric))];
}

/** Holds the demands against the numbers. Default demands without a number are left out. */
export function checkSlos(slos: readonly Slo[], numbers: Digest): readonly SloCheck[] {
  return slos.flatMap((slo) => {
    const value = valueOf(slo.metric, numbers);
    if (value === undefined && DEFAULT_SLOS.includes(slo)) return [];
    const isKept = value === undefined ? undefined : compare(value, slo.operator, slo.limit);
    return [{ text: slo.text, metric: slo.metric, measured: show(slo.metric, value), isKept }];
  });
}

function valueOf(metric: string, numbers: Digest): number | undefined {
  const { traffic, cross } = numbers;
  const hasMessages = traffic !== undefined || cross !== undefined;
  const inLedgers = (field: "lost" | "duplicate" | "reordered") =>
    (traffic?.cells?.ledger[field] ?? 0) + (cross?.ledger[field] ?? 0);
  switch (metric) {
    case "loss":
      return hasMessages ? (traffic?.total.unanswered ?? 0) + inLedgers("lost") : undefined;
    case "dup":
      return hasMessages ? (traffic?.total.duplicate ?? 0) + inLedgers("duplicate") : undefined;
    case "reordered":
      return traffic?.cells || cross ? inLedgers("reordered") : undefined;
    case "success":
      return successShare(numbers);
    case "achieved":
      return traffic === undefined ? undefined : traffic.achievedPerSec / traffic.offeredPerSec;
    default:
      return latencyOf(metric, numbers);
  }
}

/** Untouched answers and successful requests by what was tried, the worse of the two. */
function successShare(numbers: Digest): number | undefined {
  const shares = numbers.http.map((row) => row.requests === 0 ? 1 : row.succeeded / row.requests);
  const total = numbers.traffic?.total;
  if (total !== undefined) shares.push(total.tried === 0 ? 0 : total.answered / total.tried);
  return shares.length === 0 ? undefined : Math.min(...shares);
}

function latencyOf(metric: string, numbers: Digest): number | undefined {
  const dot = metric.indexOf(".");
  const field = PERCENTILES[metric.slice(dot + 1)];
  if (field === undefined) return undefined;
  const summaries = summariesOf(metric.slice(0, dot), numbers);
  const values = summaries.map((summary) => summary[field]);
  if (values.length === 0 || values.includes(undefined)) return undefined;
  return Math.max(...values.map(Number));
}

function summariesOf(latency: string, numbers: Digest): readonly LatencySummary[] {
  const { traffic, cross, http } = numbers;
  if (latency === "http") return http.map((row) => row.latency);
  if (latency === "cross") return cross === undefined ? [] : [farthest(cross.local, cross.remote).corrected];
  if (traffic === undefined) return [];
  return [latency === "raw" ? traffic.total.latency.raw : traffic.total.latency.corrected];
}

function farthest(local: TwoViews, remote: TwoViews): TwoViews {
  return remote.corrected.count > 0 ? remote : local;
}

function compare(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "==":
      return value === limit;
  }
}

function show(metric: string, value: number | undefined): string {
  if (value === undefined) return "n/a";
  if (metric.includes(".")) return formatUs(value);
  return SHARES.includes(metric) ? `${(Math.floor(value * 10_000) / 100).toFixed(2)}%` : String(value);
}

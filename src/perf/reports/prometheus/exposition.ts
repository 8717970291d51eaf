/** Prometheus text from samples of the catalog's metrics. Pure. */
import { latencyBounds } from "../../../core/buckets.ts";
import { type PerfMetricRow, perfMetricTable, perfSizeBounds } from "../../metric_catalog.ts";
import type { BucketData } from "../../truth/bucket_counts.ts";

/** What the page is served as. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** One value of a metric: a number, or buckets for a histogram. Labels are those of the catalog. */
export interface Sample {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | BucketData;
}

/** The page. A metric without samples is left out. Throws RangeError for a name that is not in the catalog. */
export function expose(samples: readonly Sample[]): string {
  const byName = Map.groupBy(samples, (sample) => sample.name);
  const unknown = [...byName.keys()].find((name) => !perfMetricTable.some((row) => row.name === name));
  if (unknown !== undefined) throw new RangeError(`Metric "${unknown}" is not in the catalog`);
  return perfMetricTable.flatMap((row) => metricLines(row, byName.get(row.name) ?? [])).join("");
}

function metricLines(row: PerfMetricRow, samples: readonly Sample[]): readonly string[] {
  if (samples.length === 0) return [];
  return [
    `# HELP ${row.name} ${row.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`,
    `# TYPE ${row.name} ${row.type}\n`,
    ...samples.flatMap((sample) => sampleLines(sample)),
  ];
}

function sampleLines({ name, labels = {}, value }: Sample): readonly string[] {
  if (typeof value === "number") return [`${name}${labelText(labels)} ${numberText(value)}\n`];
  const bounds = name.endsWith("_bytes") ? perfSizeBounds : latencyBounds;
  let count = 0;
  const lines = value.counts.map((inBucket, at) => {
    count += inBucket;
    const le = at < bounds.length ? String(bounds[at]) : "+Inf";
    return `${name}_bucket${labelText({ ...labels, le })} ${count}\n`;
  });
  return [
    ...lines,
    `${name}_sum${labelText(labels)} ${numberText(value.sum)}\n`,
    `${name}_count${labelText(labels)} ${count}\n`,
  ];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
}

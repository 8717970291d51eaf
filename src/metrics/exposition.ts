/** Prometheus text from the table. */
import { Gauge, Registry } from "prom-client"; // prom-client: the field's library for the text format
import type { BucketReading } from "../core/buckets.ts";
import { type MetricsSource, metricTable } from "./catalog.ts";
import { isHistogram, type Labelled, type LabelledHistograms } from "./reading.ts";
import type { MetricRow } from "./row.ts";

/** A rendered page of metrics. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

/** Renders the metrics of one node. `read` is asked once per page. */
export function createMetrics(read: () => MetricsSource): { render(): Promise<MetricsPage> } {
  return createPage(metricTable, read);
}

/** Renders any table of metrics. `read` is asked once per page. */
export function createPage<S>(
  rows: readonly MetricRow<S>[],
  read: () => S,
): { render(): Promise<MetricsPage> } {
  const registry = new Registry();
  let source = read();
  for (const row of rows) register(registry, row, () => source);
  return {
    async render() {
      source = read();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** One line of a page. */
interface Sample {
  readonly metricName: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
}

/**
 * The library checks names and writes the text. Its values and their type come from the table through a gauge whose
 * answer is replaced, so that nothing is counted twice and no histogram object stands on the hot path.
 */
function register<S>(registry: Registry, row: MetricRow<S>, source: () => S): void {
  const { name, help, type } = row;
  const metric = new Gauge({ name, help, registers: [registry], labelNames: row.label ? [row.label] : [] });
  const answer = () => ({ name, help, type, aggregator: "sum", values: samplesOf(row, source()) });
  Object.assign(metric, { get: () => Promise.resolve(answer()) });
}

function samplesOf<S>(row: MetricRow<S>, source: S): readonly Sample[] {
  const reading = row.read(source);
  if (reading === undefined) return [];
  if (typeof reading === "number") return [{ metricName: row.name, value: reading, labels: {} }];
  if (isHistogram(reading)) return histogramSamples(row.name, reading, {});
  return labelledSamples(row, reading);
}

function labelledSamples<S>(row: MetricRow<S>, values: Labelled | LabelledHistograms): readonly Sample[] {
  return [...values].flatMap(([label, value]) => {
    const labels = { [row.label ?? "label"]: String(label) };
    return typeof value === "number"
      ? [{ metricName: row.name, value, labels }]
      : histogramSamples(row.name, value, labels);
  });
}

function histogramSamples(
  name: string,
  { bounds, counts, sum }: BucketReading,
  labels: Sample["labels"],
): readonly Sample[] {
  let count = 0;
  const buckets = counts.map((inBucket, at) => {
    count += inBucket;
    return { metricName: `${name}_bucket`, value: count, labels: { ...labels, le: bounds[at] ?? "+Inf" } };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, value: sum, labels },
    { metricName: `${name}_count`, value: count, labels },
  ];
}

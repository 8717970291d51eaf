/** Prometheus text from the table. */
import { Counter, Gauge, Registry } from "prom-client"; // prom-client: the field's library for the text format
import { type MetricRow, type MetricsSource, metricTable } from "./catalog.ts";

/** A rendered page of metrics. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

/** Renders the metrics of one node. `read` is asked once per page. */
export function createMetrics(read: () => MetricsSource): { render(): Promise<MetricsPage> } {
  const registry = new Registry();
  let source = read();
  for (const row of metricTable) register(registry, row, () => source);
  return {
    async render() {
      source = read();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function register(registry: Registry, row: MetricRow, source: () => MetricsSource): void {
  const options = {
    name: row.name,
    help: row.help,
    registers: [registry],
    labelNames: row.label ? [row.label] : [],
  };
  const metric = row.type === "counter" ? new Counter(options) : new Gauge(options);
  Object.assign(metric, { collect: () => collect(metric, row, source()) });
}

function collect(metric: Counter | Gauge, row: MetricRow, source: MetricsSource): void {
  metric.reset();
  const value = row.read(source);
  if (typeof value === "number") return metric.inc(value);
  for (const [label, count] of value) metric.inc({ [row.label ?? "label"]: String(label) }, count);
}

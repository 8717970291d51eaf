/**
 * The metrics of a node and their text format.
 *
 * @module
 */
export { type MetricRow, type MetricsSource, metricTable } from "./catalog.ts";
export { createMetrics, type MetricsPage } from "./exposition.ts";

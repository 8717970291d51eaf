/**
 * The metrics of a node and their text format.
 *
 * @module
 */
export type { BackendTrafficReadings } from "./backend_rows.ts";
export { type MetricsSource, metricTable } from "./catalog.ts";
export { createMetrics, createPage, type MetricsPage } from "./exposition.ts";
export type { Labelled, LabelledHistograms, Reading } from "./reading.ts";
export { counter, gauge, histogram, type MetricRow } from "./row.ts";

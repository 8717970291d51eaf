/** The report for programs: everything, histograms included, so that any percentile can be computed later. */
import type { RunReport } from "./run_report.ts";

/** Changes when a field changes its meaning or goes away. */
export const REPORT_FORMAT = 1;

/** The report as JSON text. Histograms are compressed HDR V2 in base64, in microseconds. */
export function jsonReport(report: RunReport): string {
  return JSON.stringify({ format: REPORT_FORMAT, tool: "shoal perf", ...report }, undefined, 2) + "\n";
}

/** The report for programs: everything, histograms included, so that any percentile can be computed later. */
import { UsageError } from "../usage_error.ts";
import { REPORT_FORMAT, type RunReport } from "./run_report.ts";

/** The report as JSON text. */
export function jsonReport(report: RunReport): string {
  return JSON.stringify(report, undefined, 2) + "\n";
}

/** Reads a `run.json` again; `path` is for the complaint. Throws {@linkcode UsageError} for anything else. */
export function parseReport(text: string, path: string): RunReport {
  const report = parse(text, path);
  const isOurs = typeof report === "object" && report !== null && "tool" in report &&
    report.tool === "shoal perf";
  if (!isOurs || !("format" in report)) {
    throw new UsageError(`Cannot read "${path}": it is no report of perf; give it a run.json`);
  }
  if (report.format !== REPORT_FORMAT) {
    throw new UsageError(
      `Cannot read "${path}": format ${report.format}, this version reads ${REPORT_FORMAT}; run the test again`,
    );
  }
  return report as unknown as RunReport;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`Cannot read "${path}": it is not JSON (${error.message})`);
  }
}

/** The report for programs: everything, histograms included, so that any percentile can be computed later. */
import { digest } from "../truth/digest.ts";
import { UsageError } from "../usage_error.ts";
import { REPORT_FORMAT, type RunReport } from "./run_report.ts";

/** The report as JSON text: people find their way, and a row of a list is a line, so that long runs stay small. */
export function jsonReport(report: RunReport): string {
  return `${layOut(report, "")}\n`;
}

function layOut(value: unknown, indent: string): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value) && value.length > 0) {
    const rows = value.map((row) => `${deeper}${JSON.stringify(row ?? null)}`);
    return `[\n${rows.join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    .map(([name, field]) => `${deeper}${JSON.stringify(name)}: ${layOut(field, deeper)}`);
  return fields.length === 0 ? "{}" : `{\n${fields.join(",\n")}\n${indent}}`;
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
  return withDigest(report as unknown as RunReport, path);
}

/** The digest of a saved run is made anew, so that it has all that this version knows to read from a result. */
function withDigest(report: RunReport, path: string): RunReport {
  try {
    return { ...report, digest: digest(report.result) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(`Cannot read "${path}": its numbers are damaged (${error.message})`);
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`Cannot read "${path}": it is not JSON (${error.message})`);
  }
}

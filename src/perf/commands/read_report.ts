/** Reads a run's report from a file that a command line names. */
import { parseReport } from "../reports/report_json.ts";
import type { RunReport } from "../reports/run_report.ts";
import { UsageError } from "../usage_error.ts";

/** The report in `path`, a `run.json`. Rejects with {@linkcode UsageError} when it is none, or may not be read. */
export async function readReport(path: string): Promise<RunReport> {
  return parseReport(await readText(path), path);
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const isTheirs = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.IsADirectory;
    if (!isTheirs) throw error;
    throw new UsageError(`Cannot read "${path}": ${error.message}; give the run.json of a run`);
  }
}

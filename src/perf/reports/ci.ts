/** What a run tells the service that runs it (`CI=true`): annotations on stdout, a summary on the job's page. */
import type { TextSink } from "./progress_view.ts";
import { githubAnnotations, githubSummary } from "./github_report.ts";
import type { RunReport } from "./run_report.ts";

/** Whether this process runs in a service that sets `CI=true`, as GitHub Actions and others do. */
export function isCi(): boolean {
  return Deno.env.get("CI") === "true";
}

/**
 * Writes annotations to `out` and appends the summary to the file that `GITHUB_STEP_SUMMARY` names. Where that file may
 * not be written, the reason and the way around go to `err`, and the run's own result stands.
 */
export async function tellCi(report: RunReport, out: TextSink, err: TextSink): Promise<void> {
  out.write(githubAnnotations(report).map((line) => `${line}\n`).join(""));
  const path = Deno.env.get("GITHUB_STEP_SUMMARY") ?? "";
  if (path === "") return;
  try {
    await Deno.writeTextFile(path, githubSummary(report), { append: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable) && !(error instanceof Deno.errors.PermissionDenied)) {
      throw error;
    }
    err.write(
      `Cannot write the step summary: ${error.message}; add a step: cat reports/*/report.md >> "$GITHUB_STEP_SUMMARY"\n`,
    );
  }
}

/** How an experiment ends: shown, and written where there is a folder. */
import type { ExperimentFolder } from "../experiments/experiment_files.ts";
import { type Findings, findingsLines, findingsMarkdown } from "../experiments/findings.ts";
import { findingsLine } from "../reports/json_lines.ts";
import type { PerfWorld } from "../measure.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { columnsOf } from "./palette.ts";

/** Shows and writes `findings`; answers their exit code. */
export async function tell(
  findings: Findings,
  folder: ExperimentFolder | undefined,
  world: PerfWorld,
): Promise<ExitCode> {
  const files = await folder?.finish(findings) ?? [];
  world.out.write(textOf(findings, files, world));
  return findings.exitCode;
}

function textOf(findings: Findings, files: readonly string[], { format = "screen", out }: PerfWorld): string {
  switch (format) {
    case "json":
      return findingsLine(findings, files);
    case "markdown":
      return findingsMarkdown(findings);
    case "screen":
      return findingsLines(findings, files, columnsOf(out)).join("\n");
  }
}

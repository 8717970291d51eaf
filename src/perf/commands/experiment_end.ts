/** How an experiment ends: shown, and written where there is a folder. */
import type { ExperimentFolder } from "../experiments/experiment_files.ts";
import { type Findings, findingsLines } from "../experiments/findings.ts";
import type { PerfWorld } from "../measure.ts";
import type { ExitCode } from "../truth/verdict.ts";

/** Shows and writes `findings`; answers their exit code. */
export async function tell(
  findings: Findings,
  folder: ExperimentFolder | undefined,
  world: PerfWorld,
): Promise<ExitCode> {
  const files = await folder?.finish(findings) ?? [];
  world.out.write(findingsLines(findings, files).join("\n"));
  return findings.exitCode;
}

/** How a command ends that could not do its work: one line that says why and what to do, and the exit code. */
import type { PerfWorld } from "../measure.ts";
import { StartError } from "../targets/start_error.ts";
import { NoTargetError } from "../targets/targets.ts";
import { type ExitCode, exitCodes } from "../truth/verdict.ts";
import { errorLine } from "../reports/json_lines.ts";
import { UsageError } from "../usage_error.ts";

/** Does `work`; errors that are the caller's or the target's become a message on `world.err` and a code. */
export async function endingOf(world: PerfWorld, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) {
      return told(world, exitCodes.usage, error.message, `error: ${error.message}`);
    }
    if (!(error instanceof NoTargetError) && !(error instanceof StartError)) throw error;
    const exitCode = world.signal.aborted ? exitCodes.interrupted : exitCodes.targetLost;
    return told(world, exitCode, error.message, error.message);
  }
}

function told(world: PerfWorld, exitCode: ExitCode, message: string, text: string): ExitCode {
  world.err.write(`${text}\n`);
  if (world.format === "json") world.out.write(errorLine(exitCode, message));
  return exitCode;
}

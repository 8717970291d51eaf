/** `deno task ok`: the whole gate. Stops at the first step that fails and says how to run that step alone. */
import { formatStep, okSteps, type Step } from "./ok_steps.ts";
import { listRepoFiles, repoRoot } from "./repo_files.ts";

async function main(): Promise<number> {
  await removeOldCoverage();
  const lines: string[] = [];
  for (const step of okSteps(await listRepoFiles())) {
    console.log(`\n== ${step.name}`);
    const startMs = performance.now();
    const isOk = await runStep(step);
    lines.push(formatStep(step.name, isOk, performance.now() - startMs));
    if (!isOk) return conclude(lines, `The gate stopped at "${step.name}". To run it alone: ${step.alone}`);
  }
  return conclude(lines);
}

async function runStep(step: Step): Promise<boolean> {
  const signal = AbortSignal.timeout(step.timeoutMs);
  const command = new Deno.Command(Deno.execPath(), { args: [...step.args], cwd: repoRoot, signal });
  const { code } = await command.spawn().status;
  if (signal.aborted) {
    console.error(`"${step.name}" took longer than ${step.timeoutMs / 1_000} s and was ended.`);
  }
  return code === 0;
}

/** Coverage of an earlier run would count for this one. */
async function removeOldCoverage(): Promise<void> {
  try {
    await Deno.remove(new URL("coverage", repoRoot), { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function conclude(lines: readonly string[], fault?: string): number {
  console.log(`\n${lines.join("\n")}`);
  if (fault === undefined) return 0;
  console.error(`\n${fault}`);
  return 1;
}

if (import.meta.main) Deno.exit(await main());

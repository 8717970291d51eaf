/** `deno task ok`: the whole gate. Stops at the first step that fails and says how to run that step alone. */
import { coverageDir, formatStep, okSteps, type Step } from "./ok_steps.ts";
import { endGroup, onEndSignals, ownGroup } from "./process_group.ts";
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

/** Runs a step with a process group of its own: cut or interrupted, it ends with all that it has started. */
async function runStep(step: Step): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), { args: [...step.args], cwd: repoRoot, ...ownGroup })
    .spawn();
  let ending: Promise<void> | undefined;
  const cut = (because: string) => {
    if (ending === undefined) console.error(`"${step.name}" was ended because ${because}.`);
    ending ??= endGroup(child);
  };
  const timer = setTimeout(() => cut(`it took longer than ${step.timeoutMs / 1_000} s`), step.timeoutMs);
  using _ = onEndSignals(() => cut("it was interrupted"));
  const { code } = await child.status;
  clearTimeout(timer);
  await ending;
  return code === 0 && ending === undefined;
}

/** Coverage of an earlier run would count for this one. */
async function removeOldCoverage(): Promise<void> {
  try {
    await Deno.remove(new URL(coverageDir, repoRoot), { recursive: true });
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

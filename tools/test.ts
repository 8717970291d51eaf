/**
 * `deno task test [--yes] [--coverage=DIR] [filter...]`: sees to what the tests need, runs them, and ends with the line
 * `N passed, N failed`.
 */
import { installPackages } from "./apt.ts";
import { isDebianLike, missingMessage, type Need, planNeeds, type Situation, testNeeds } from "./needs.ts";
import { listRepoFiles } from "./repo_files.ts";
import { type GroupOptions, runRealTests, runUnitTests } from "./test_groups.ts";
import { parseTestArgs, selectTests, type TestArgs } from "./test_plan.ts";
import { addCounts, lastLine, noTests, type TestCounts } from "./test_summary.ts";

/** All tests together; the whole gate has 15 minutes, and ends this step after 13. */
const timeoutMs = 12.5 * 60_000;

const isCi = Deno.env.get("CI") === "true";

/** Where servers live that the PATH of a plain user leaves out. */
const searchPath = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];

async function main(): Promise<number> {
  const args = parseTestArgs(Deno.args);
  const selection = selectTests(await listRepoFiles(), args.filters);
  if (selection.real.length > 0) {
    const fault = await provideNeeds(args);
    if (fault !== undefined) return fail(fault);
  }
  const options: GroupOptions = {
    namePattern: selection.namePattern,
    coverageDir: args.coverageDir,
    tempDir: Deno.env.get("TMPDIR") ?? "/tmp",
    path: searchPath.join(":"),
    endMs: performance.now() + timeoutMs,
  };
  const unit = await runUnitTests(selection.unit, options);
  if (unit.cut !== undefined) return fail(unit.cut, unit.counts);
  const real = await runRealTests(selection.real, options);
  const counts = addCounts(unit.counts, real.counts);
  if (real.cut !== undefined) return fail(real.cut, counts);
  for (const file of real.failed) console.log(`Failed: deno task test ${file}`);
  return conclude(counts, args);
}

/** Makes what the tests start present; returns in one line why it cannot. */
async function provideNeeds(args: TestArgs): Promise<string | undefined> {
  const situation: Situation = {
    missing: await missingNeeds(),
    isRoot: Deno.uid() === 0,
    isDebianLike: isDebianLike(await readOsRelease()),
    isTerminal: Deno.stdin.isTerminal(),
    hasConsent: args.isYes || isCi,
  };
  const plan = planNeeds(situation);
  if (plan.state === "ready") return undefined;
  if (plan.state === "stop") return plan.message;
  console.log(`The tests need ${situation.missing.map((need) => need.binary).join(", ")}: ${plan.line}`);
  if (plan.mustAsk && !confirm("Run this now (services stay stopped)?")) {
    return missingMessage(situation, plan.packages);
  }
  const fault = await installPackages(plan.packages);
  if (fault !== undefined) return fault;
  const missing = await missingNeeds();
  return missing.length === 0 ? undefined : missingMessage({ ...situation, missing }, plan.packages);
}

async function missingNeeds(): Promise<readonly Need[]> {
  const found = await Promise.all(testNeeds.map((need) => isOnPath(need.binary)));
  return testNeeds.filter((_, index) => !found[index]);
}

async function isOnPath(binary: string): Promise<boolean> {
  for (const folder of searchPath) {
    if (folder === "") continue;
    try {
      if ((await Deno.stat(`${folder}/${binary}`)).isFile) return true;
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }
  return false;
}

async function readOsRelease(): Promise<string> {
  try {
    return await Deno.readTextFile("/etc/os-release");
  } catch (error) {
    if (isAbsence(error)) return "";
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  // PATH may name files and folders that are not ours to see.
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied;
}

/** Says how it went; the count comes last and alone on its line, because scripts read it. */
function conclude(counts: TestCounts, args: TestArgs): number {
  const ran = counts.passed + counts.failed;
  if (ran === 0) return fail(`No test matches ${args.filters.map((filter) => `"${filter}"`).join(" ")}.`);
  if (isCi && counts.ignored > 0) {
    return fail(`${counts.ignored} tests were ignored: in CI every test runs.`, counts);
  }
  console.log(lastLine(counts));
  return counts.failed === 0 ? 0 : 1;
}

function fail(reason: string, counts: TestCounts = noTests): number {
  console.error(reason);
  console.log(lastLine({ ...counts, failed: Math.max(1, counts.failed) }));
  return 1;
}

if (import.meta.main) Deno.exit(await main());

/**
 * `deno task test [--yes] [--coverage=DIR] [filter...]`: sees to what the tests need, runs them, and ends with the line
 * `N passed, N failed`.
 */
import { installPackages } from "./apt.ts";
import { isDebianLike, missingMessage, type Need, planNeeds, type Situation, testNeeds } from "./needs.ts";
import { LineFinder } from "./line_finder.ts";
import { listRepoFiles, repoRoot } from "./repo_files.ts";
import { runTee } from "./run_tee.ts";
import {
  denoTestArgs,
  type DenoTestOptions,
  parseTestArgs,
  realFlags,
  selectTests,
  type TestArgs,
  unitFlags,
} from "./test_plan.ts";
import {
  addCounts,
  cutMessage,
  fileLine,
  lastLine,
  noTests,
  readCounts,
  summaryLine,
  type TestCounts,
  testLine,
} from "./test_summary.ts";

/** All tests together; the whole gate has 15 minutes, and ends this step after 13. */
const endMs = performance.now() + 12.5 * 60_000;
/** No test says nothing for longer, on a busy machine either. */
const silenceMs = 150_000;

const isCi = Deno.env.get("CI") === "true";

const tempDir = Deno.env.get("TMPDIR") ?? "/tmp";

/** Where servers live that the PATH of a plain user leaves out. */
const searchPath = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];

async function main(): Promise<number> {
  const args = parseTestArgs(Deno.args);
  const selection = selectTests(await listRepoFiles(), args.filters);
  if (selection.real.length > 0) {
    const fault = await provideNeeds(args);
    if (fault !== undefined) return fail(fault);
  }
  const { namePattern } = selection;
  const optionsOf = (group: string) => ({ namePattern, coverageDir: groupDir(args, group) });
  const unit = await runGroup("unit tests", unitFlags(tempDir), selection.unit, optionsOf("unit"));
  if (unit.cut !== undefined) return fail(unit.cut, unit.counts);
  const real = await runGroup(
    "tests with real processes",
    realFlags(tempDir),
    selection.real,
    optionsOf("real"),
  );
  const counts = addCounts(unit.counts, real.counts);
  return real.cut === undefined ? conclude(counts, args) : fail(real.cut, counts);
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

/** A folder of its own for each group: in one folder the second run replaces what the first measured. */
function groupDir(args: TestArgs, group: string): string | undefined {
  return args.coverageDir === undefined ? undefined : `${args.coverageDir}/${group}`;
}

interface GroupResult {
  readonly counts: TestCounts;
  /** Says what it did last, when it was ended before its end. */
  readonly cut?: string;
}

async function runGroup(
  name: string,
  flags: readonly string[],
  files: readonly string[],
  options: DenoTestOptions,
): Promise<GroupResult> {
  if (files.length === 0) return { counts: noTests };
  console.log(`\n${name}: ${files.length} files`);
  const finders = [summaryLine, fileLine, testLine].map((line) => new LineFinder(line));
  const { code, cutBecause } = await runTee(Deno.execPath(), denoTestArgs(flags, files, options), {
    cwd: repoRoot,
    env: { PATH: searchPath.join(":") },
    finders,
    timeoutMs: endMs - performance.now(),
    silenceMs,
  });
  const [summary = "", file = "", test = ""] = finders.map(({ lastMatch }) => lastMatch);
  if (cutBecause === undefined) return { counts: readCounts(summary, code) };
  const cut = cutMessage(name, cutBecause, { file, test, any: finders[0]?.lastLine ?? "" });
  return { counts: noTests, cut };
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
  console.log(lastLine({ ...counts, failed: counts.failed + 1 }));
  return 1;
}

if (import.meta.main) Deno.exit(await main());

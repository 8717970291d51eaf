/**
 * `deno task coverage`: reads the coverage that `deno task test --coverage=coverage` left, prints each checked folder and
 * its worst files, and ends with 1 when a folder is below the limit.
 */
import { removeCutCoverage } from "./cut_coverage.ts";
import { formatCoverage, parseLcov, percentOf, sumFolders, worstFiles } from "./lcov.ts";
import { coverageDir } from "./ok_steps.ts";
import { repoRoot } from "./repo_files.ts";

/** Folders whose lines must be covered, and how much of them, in percent. */
const checkedFolders = ["src/core", "src/protocol", "src/backend"] as const;
const minPercent = 90;
const shownFiles = 8;

async function main(): Promise<number> {
  const report = await lcovReport();
  const files = parseLcov(report, repoRoot.pathname)
    .filter((file) => checkedFolders.some((folder) => file.name.startsWith(`${folder}/`)));
  const folders = sumFolders(files, checkedFolders);
  for (const folder of folders) console.log(formatCoverage(folder));
  const low = folders.filter((folder) => percentOf(folder) < minPercent);
  if (low.length === 0) return 0;
  console.error(
    `Below ${minPercent} % of lines: ${low.map((folder) => folder.name).join(", ")}. Most missed:`,
  );
  const inLow = files.filter((file) => low.some((folder) => file.name.startsWith(`${folder.name}/`)));
  for (const file of worstFiles(inLow, shownFiles)) console.error(formatCoverage(file));
  return 1;
}

async function lcovReport(): Promise<string> {
  const report = await readReport() ?? (await hasRemovedCut() ? await readReport() : undefined);
  if (report === undefined) {
    throw new Error("Cannot read the coverage: first run deno task test --coverage=coverage");
  }
  return report;
}

async function readReport(): Promise<string | undefined> {
  const args = ["coverage", "--lcov", `--include=^${repoRoot.href}src/`, coverageDir];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: repoRoot, stderr: "inherit" })
    .output();
  return code === 0 ? new TextDecoder().decode(stdout) : undefined;
}

/** Tests kill processes, and one that was just writing its coverage leaves a file that nobody can read. */
async function hasRemovedCut(): Promise<boolean> {
  const removed = await removeCutCoverage(new URL(coverageDir, repoRoot).pathname).catch(zeroIfMissing);
  if (removed > 0) console.error(`Reading again without ${removed} cut file(s): their process was killed.`);
  return removed > 0;
}

function zeroIfMissing(error: unknown): number {
  if (error instanceof Deno.errors.NotFound) return 0;
  throw error;
}

if (import.meta.main) Deno.exit(await main());

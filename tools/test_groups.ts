/** Runs the two groups of tests: those beside their source in one process, those with real processes file by file. */
import { inLanes } from "./lanes.ts";
import { LineFinder } from "./line_finder.ts";
import { repoRoot } from "./repo_files.ts";
import { runTee, writeAll } from "./run_tee.ts";
import { denoTestArgs, type DenoTestOptions, realFlags, unitFlags } from "./test_plan.ts";
import {
  addCounts,
  cutMessage,
  fileLine,
  noTests,
  readCounts,
  summaryLine,
  type TestCounts,
  testLine,
} from "./test_summary.ts";

/** No test says nothing for longer, on a busy machine either. */
const silenceMs = 150_000;
/** Files with real processes that run at a time: they wait more than they work. */
const lanes = 2;
/** What is kept of a file's output, the newest. */
const keptBytes = 4 * 1024 * 1024;

/** How a group is run. */
export interface GroupOptions extends DenoTestOptions {
  /** What may be written beside the repo's own folders. */
  readonly tempDir: string;
  /** Where programs are looked for. */
  readonly path: string;
  /** When it is cut, on the clock of `performance.now()`. */
  readonly endMs: number;
}

/** What became of a group. */
export interface GroupResult {
  readonly counts: TestCounts;
  /** Files with failures, where they are told apart. */
  readonly failed: readonly string[];
  /** Says what ran, when it was cut. */
  readonly cut: string | undefined;
}

const nothing: GroupResult = { counts: noTests, failed: [], cut: undefined };

/** Runs tests beside their source. */
export async function runUnitTests(files: readonly string[], options: GroupOptions): Promise<GroupResult> {
  if (files.length === 0) return nothing;
  console.log(`\nunit tests: ${files.length} files`);
  const group = { ...options, coverageDir: folderIn(options.coverageDir, "unit") };
  return await runTests("unit tests", denoTestArgs(unitFlags(options.tempDir), files, group), options);
}

/** Runs tests with real processes: each file in a process of its own, two at a time, each shown when it has ended. */
export async function runRealTests(files: readonly string[], options: GroupOptions): Promise<GroupResult> {
  if (files.length === 0) return nothing;
  console.log(`\ntests with real processes: ${files.length} files, ${lanes} at a time`);
  if (!await areTyped(files, options)) return { ...nothing, counts: { ...noTests, failed: 1 } };
  let shown = Promise.resolve();
  let isCut = false;
  const results = await inLanes(files, lanes, async (file) => {
    const output = new Tail();
    const result = await runFile(file, options, (chunk) => output.add(chunk));
    isCut ||= result.cut !== undefined;
    if (result.counts !== noTests) shown = shown.then(() => output.show());
    return result;
  }, () => isCut);
  await shown;
  return results.reduce(joined, nothing);
}

async function runFile(
  file: string,
  options: GroupOptions,
  show: (chunk: Uint8Array) => void,
): Promise<GroupResult> {
  const folder = folderIn(options.coverageDir, file.replaceAll("/", "-"));
  const flags = ["--no-check", ...realFlags(options.tempDir)];
  const args = denoTestArgs(flags, [file], { ...options, coverageDir: folder });
  const result = await runTests("tests with real processes", args, options, show);
  return result.counts.failed > 0 ? { ...result, failed: [file] } : result;
}

/** Once for all files, so that no file pays for it. */
async function areTyped(files: readonly string[], options: GroupOptions): Promise<boolean> {
  const args = ["check", "--quiet", ...files];
  return (await runTee(Deno.execPath(), args, { ...teeOptions(options), finders: [] })).code === 0;
}

async function runTests(
  name: string,
  args: readonly string[],
  options: GroupOptions,
  show?: (chunk: Uint8Array) => void,
): Promise<GroupResult> {
  const finders = [summaryLine, fileLine, testLine].map((line) => new LineFinder(line));
  const tee = { ...teeOptions(options), finders, ...(show === undefined ? {} : { show }) };
  const { code, cutBecause } = await runTee(Deno.execPath(), args, tee);
  const [summary = "", file = "", test = ""] = finders.map(({ lastMatch }) => lastMatch);
  if (cutBecause === undefined) return { ...nothing, counts: readCounts(summary, code) };
  const cut = cutMessage(name, cutBecause, { file, test, any: finders[0]?.lastLine ?? "" });
  return { counts: { ...noTests, failed: 1 }, failed: [], cut };
}

function teeOptions({ path, endMs }: GroupOptions) {
  return { cwd: repoRoot, env: { PATH: path }, timeoutMs: endMs - performance.now(), silenceMs };
}

/** A folder for each run: in one folder the second run replaces what the first measured. */
function folderIn(folder: string | undefined, name: string): string | undefined {
  return folder === undefined ? undefined : `${folder}/${name}`;
}

function joined(a: GroupResult, b: GroupResult): GroupResult {
  const cuts = [a.cut, b.cut].filter((cut) => cut !== undefined);
  return {
    counts: addCounts(a.counts, b.counts),
    failed: [...a.failed, ...b.failed],
    cut: cuts.length === 0 ? undefined : cuts.join("\n"),
  };
}

/** The newest part of an output. */
class Tail {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes > keptBytes) this.#bytes -= this.#chunks.shift()?.length ?? 0;
  }

  async show(): Promise<void> {
    for (const chunk of this.#chunks) await writeAll(chunk);
  }
}

/** The steps of the gate, in the order in which they fail fastest. Pure. */

/** One step: arguments for `deno`, and the line with which a person repeats it alone. */
export interface Step {
  readonly name: string;
  readonly args: readonly string[];
  readonly alone: string;
  /** The step is ended after this many milliseconds. */
  readonly timeoutMs: number;
}

/** Where the tests leave their coverage, in the repo. */
export const coverageDir = "coverage";

/** Lists the steps for a repo with these files. */
export function okSteps(files: readonly string[]): readonly Step[] {
  const checked = files.filter((file) => /\.tsx?$/.test(file));
  const documented = [...checked, ...files.filter((file) => file.endsWith(".md"))];
  return [
    step("fmt", ["fmt", "--check"], "deno fmt"),
    step("lint", ["lint", "--quiet"], "deno lint"),
    step("types", ["check", "--quiet", ...checked], "deno check"),
    step(
      "doc examples",
      ["check", "--quiet", "--doc-only", ...documented],
      "deno check --doc-only README.md docs src",
    ),
    step("floors", ["run", "--quiet", "--allow-read", "tools/check_floors.ts"], "deno task floors"),
    step("tests", ["task", "--quiet", "test", `--coverage=${coverageDir}`], "deno task test", 13),
    step("coverage", ["task", "--quiet", "coverage"], "deno task coverage"),
  ];
}

function step(name: string, args: readonly string[], alone: string, timeoutMinutes = 3): Step {
  return { name, args, alone, timeoutMs: timeoutMinutes * 60_000 };
}

/** One line of the table at the end. */
export function formatStep(name: string, isOk: boolean, tookMs: number): string {
  return `${isOk ? "ok    " : "FAILED"} ${name.padEnd(14)} ${(tookMs / 1_000).toFixed(1).padStart(7)} s`;
}

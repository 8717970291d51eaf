/** Which tests run, and with what rights. Pure. */

/** What `deno task test` was asked for. */
export interface TestArgs {
  /** Install what is missing without asking. */
  readonly isYes: boolean;
  /** Folder for coverage data, if wanted. */
  readonly coverageDir?: string;
  /** Parts of paths, or of test names where no path has them. */
  readonly filters: readonly string[];
}

/** Reads the command line. Throws `TypeError` on an option that does not exist. */
export function parseTestArgs(args: readonly string[]): TestArgs {
  const filters: string[] = [];
  let isYes = false;
  let coverageDir: string | undefined;
  for (const arg of args) {
    if (arg === "--yes") isYes = true;
    else if (arg.startsWith("--coverage=")) coverageDir = arg.slice("--coverage=".length);
    else if (arg.startsWith("-")) {
      throw new TypeError(`Unknown option "${arg}": use deno task test [--yes] [--coverage=DIR] [filter...]`);
    } else filters.push(arg);
  }
  return { isYes, filters, ...(coverageDir ? { coverageDir } : {}) };
}

/** The files to run, and a regular expression that test names must match, if any. */
export interface Selection {
  readonly unit: readonly string[];
  readonly real: readonly string[];
  readonly namePattern?: string;
}

/** Picks test files: a filter that occurs in a path picks those files, any other is looked for in test names. */
export function selectTests(files: readonly string[], filters: readonly string[]): Selection {
  const tests = files.filter((file) => file.endsWith("_test.ts"));
  const pathFilters = filters.filter((filter) => tests.some((file) => file.includes(filter)));
  const names = filters.filter((filter) => !pathFilters.includes(filter));
  const picked = pathFilters.length === 0
    ? tests
    : tests.filter((file) => pathFilters.some((filter) => file.includes(filter)));
  return {
    unit: picked.filter((file) => !isReal(file)),
    real: picked.filter(isReal),
    ...(names.length > 0 ? { namePattern: `/${names.map(escapeRegExp).join("|")}/` } : {}),
  };
}

/** Tells whether a test may use real processes, Redis and the network. */
function isReal(file: string): boolean {
  return file.startsWith("tests/");
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** Rights of tests beside their source: they reach nothing outside, and write to the system's temporary folder only. */
export function unitFlags(tempDir: string): readonly string[] {
  return ["--parallel", "--allow-read", "--allow-env", `--allow-write=${tempDir}`];
}

/**
 * Rights of tests with real processes. `--allow-run` has no list because a test that kills a node by its pid needs it whole.
 */
export function realFlags(tempDir: string): readonly string[] {
  const written = [tempDir, ".shoal", "reports", "npm"].join(",");
  return [
    "--allow-read",
    "--allow-env",
    "--allow-net",
    "--allow-sys",
    "--allow-run",
    `--allow-write=${written}`,
  ];
}

/** What of a call is passed on to `deno test`. */
export interface DenoTestOptions {
  readonly coverageDir: string | undefined;
  /** A regular expression between slashes, or part of a name. */
  readonly namePattern: string | undefined;
}

/** The arguments of one `deno test`. */
export function denoTestArgs(
  flags: readonly string[],
  files: readonly string[],
  options: DenoTestOptions,
): readonly string[] {
  return [
    "test",
    "--no-prompt",
    ...flags,
    ...(options.coverageDir ? [`--coverage=${options.coverageDir}`, "--coverage-raw-data-only"] : []),
    ...(options.namePattern ? [`--filter=${options.namePattern}`] : []),
    ...files,
  ];
}

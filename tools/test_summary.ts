/** What a run of `deno test` came to. Pure. */

/** How many tests passed, failed and were told to be left out. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** No tests at all. */
export const noTests: TestCounts = { passed: 0, failed: 0, ignored: 0 };

/**
 * Reads the counts from what `deno test` printed and its exit code. A run that ended badly has at least one failure,
 * also when it never came to its summary line (a type error, a crash, a deadline).
 */
export function readCounts(output: string, exitCode: number): TestCounts {
  const line = plainLines(output).findLast((line) => /^(?:ok|FAILED) \| \d+ passed/.test(line)) ?? "";
  const counts = {
    passed: countOf(line, "passed"),
    failed: countOf(line, "failed"),
    ignored: countOf(line, "ignored"),
  };
  if (exitCode === 0) return counts;
  return { ...counts, failed: Math.max(1, counts.failed) };
}

function plainLines(output: string): readonly string[] {
  // deno-lint-ignore no-control-regex -- colours begin with an escape character
  return output.replace(/\x1b\[[0-9;]*m/g, "").split("\n");
}

function countOf(line: string, word: string): number {
  return Number(new RegExp(`\\| (\\d+) ${word}`).exec(line)?.[1] ?? 0);
}

/** Adds two results. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, ignored: a.ignored + b.ignored };
}

/** The last line of a test run; scripts read it. */
export function lastLine(counts: TestCounts): string {
  return `${counts.passed} passed, ${counts.failed} failed`;
}

/** What a run of `deno test` came to. Pure. */

/** How many tests passed, failed and were told to be left out. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** No tests at all. */
export const noTests: TestCounts = { passed: 0, failed: 0, ignored: 0 };

/** The line with which `deno test` ends, colours aside. */
export const summaryLine: RegExp = /^(?:ok|FAILED) \| \d+ passed/;

/** The line with which `deno test` begins a file, colours aside. */
export const fileLine: RegExp = /^running \d+ tests? from /;

/** The line with which `deno test` begins a test that prints something; of any other it is not complete yet. */
export const testLine: RegExp = / \.\.\.$/;

/** The last lines of a run that was cut, by kind; empty where there was none. */
export interface LastLines {
  readonly file: string;
  readonly test: string;
  /** Of any kind, complete or not. */
  readonly any: string;
}

/** Says why a run was cut, and which test ran. */
export function cutMessage(name: string, because: string, { file, test, any }: LastLines): string {
  const running = testLine.test(any) ? any : test;
  const where = file === "" ? "before its first test" : `in ${file.replace(fileLine, "")}: ${running}`;
  return `The ${name} were ended because ${because}, ${where}`;
}

/**
 * Reads the counts from the summary line of `deno test` and its exit code. A run that ended badly, or that never came
 * to its summary (a type error, a crash, a deadline), has at least one failure.
 */
export function readCounts(line: string, exitCode: number): TestCounts {
  const counts = {
    passed: countOf(line, "passed"),
    failed: countOf(line, "failed"),
    ignored: countOf(line, "ignored"),
  };
  if (exitCode === 0 && summaryLine.test(line)) return counts;
  return { ...counts, failed: Math.max(1, counts.failed) };
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

/** Fourteen ways in which a load tester lies, the line that guards against each, and the test that tries it. */

/** A line of the source, what it becomes when its guard is taken out, and the test that must fail then. */
export interface Guard {
  /** Row in the table of docs/load-tester.md. */
  readonly number: number;
  readonly lie: string;
  readonly file: string;
  readonly line: string;
  readonly without: string;
  readonly test: string;
  readonly filter: string;
}

export const guards: readonly Guard[] = [
  {
    number: 1,
    lie: "a stall of the server is seen by one message only",
    file: "src/perf/engine/traffic_messages.ts",
    line: 'client.target, loop.dueMs(index, sentMs), sentMs, nowMs, kind === "request");',
    without: 'client.target, sentMs, sentMs, nowMs, kind === "request");',
    test: "tests/perf_test.ts",
    filter: "shows a stall of 1 s",
  },
  {
    number: 2,
    lie: "what came twice counts as what was lost",
    file: "src/perf/truth/pair_ledger.ts",
    line: 'if (gaps === undefined || !gaps.delete(sequence)) return "duplicate";',
    without: 'if (gaps === undefined || !gaps.delete(sequence)) return "in order";',
    test: "tests/perf_test.ts",
    filter: "lost, doubled and swapped between instances",
  },
  {
    number: 3,
    lie: "each way to fail looks alike",
    file: "src/perf/truth/error_classes.ts",
    line: '[/refused|os error 111/i, "refused"],',
    without: "",
    test: "tests/perf_test.ts",
    filter: "calls a closed port refused",
  },
  {
    number: 4,
    lie: "a generator that had no time blames the server",
    file: "src/perf/truth/verdict.ts",
    line: "if (health.lateShare > MAX_LATE_SHARE) {",
    without: "if (health.lateShare > 1) {",
    test: "tests/perf_test.ts",
    filter: "when the generator itself was stalled",
  },
  {
    number: 5,
    lie: "percentiles of processes are averaged",
    file: "src/perf/truth/histogram.ts",
    line: "for (const text of texts) sum.add(decodeFromCompressedBase64(text, 32, false));",
    without: "for (const text of texts.slice(1)) sum.add(decodeFromCompressedBase64(text, 32, false));",
    test: "src/perf/truth/histogram_test.ts",
    filter: "mergeHistograms()",
  },
  {
    number: 6,
    lie: "noise is called a difference",
    file: "src/perf/experiments/paired.ts",
    line: "excludesNone && Math.abs(logs.estimate) > floor,",
    without: "Math.abs(logs.estimate) > 0,",
    test: "src/perf/experiments/paired_test.ts",
    filter: "no difference in at least 95 of 100",
  },
  {
    number: 7,
    lie: "the scaling curve does not bend as the system does",
    file: "src/perf/experiments/usl_solver.ts",
    line: "factors: [1, instances - 1, instances * (instances - 1)],",
    without: "factors: [1, instances - 1, instances],",
    test: "src/perf/experiments/usl_test.ts",
    filter: "recovers sigma and kappa",
  },
  {
    number: 8,
    lie: "instances with unequal shares are compared",
    file: "src/perf/truth/verdict.ts",
    line: "...unbalanced(result),",
    without: "",
    test: "tests/perf_traffic_test.ts",
    filter: "unbalanced whose instances",
  },
  {
    number: 9,
    lie: "a percentile stands on a handful of samples",
    file: "src/perf/truth/histogram.ts",
    line: "if (histogram.totalCount * partsAbove < MIN_SAMPLES_ABOVE * 1_000_000) return undefined;",
    without: "",
    test: "src/perf/truth/histogram_test.ts",
    filter: "no p99 of 999 samples",
  },
  {
    number: 10,
    lie: "a run short of memory is taken for the one that was asked for",
    file: "src/perf/engine/governor.ts",
    line: "if (share < resumeAbove) return false;",
    without: "if (share < pauseBelow) return false;",
    test: "src/perf/engine/governor_test.ts",
    filter: "without fluttering",
  },
  {
    number: 11,
    lie: "half a run looks like a whole one",
    file: "src/perf/truth/verdict.ts",
    line:
      'return [{ name: "interrupted", text: "ended early: the numbers are those of the part that ran" }];',
    without: "return [];",
    test: "tests/perf_test.ts",
    filter: "marked interrupted on SIGINT",
  },
  {
    number: 12,
    lie: "a report fetches something, or shows nothing",
    file: "src/perf/reports/html/html_report.ts",
    line:
      "return `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashes.join(\" \") || \"'none'\"}`;",
    without: "return `default-src 'none'; style-src 'unsafe-inline'; script-src 'none'`;",
    test: "tests/perf_report_test.ts",
    filter: "draws its time line in Chromium with no network",
  },
  {
    number: 13,
    lie: "an instance that died is averaged away",
    file: "src/perf/engine/outages.ts",
    line: "row.lost++;",
    without: "",
    test: "tests/perf_traffic_test.ts",
    filter: "finds a kill, the messages it cost",
  },
  {
    number: 14,
    lie: "the tool itself grows expensive unseen",
    file: "src/perf/engine/traffic_messages.ts",
    line: "const sentMs = this.#inFlight.sentMs(index);\n    const isMeasured",
    without:
      "const sentMs = this.#inFlight.sentMs(index);\n    for (let n = 0; n < 200_000; n++) Math.sqrt(n);\n    const isMeasured",
    test: "tests/perf_cost_test.ts",
    filter: "no more than twice its last baseline",
  },
];

/** The file without its guard. Throws `RangeError` when the line is not there exactly once. */
export function cut(whole: string, { file, line, without }: Guard): string {
  const found = whole.split(line).length - 1;
  if (found !== 1) throw new RangeError(`Cannot take the guard out: ${file} has its line ${found} times`);
  return whole.replace(line, () => without);
}

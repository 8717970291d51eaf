import assert from "node:assert/strict";
import { goodResult, histogramOf, reportOf, sampleOptions } from "../reports/sample_run.ts";
import type { CompareOutcome, Round } from "./compare.ts";
import { compareFindings } from "./compare_findings.ts";
import { compareSaved, differingFields } from "./compare_reports.ts";
import { findingsLines, findingsMarkdown } from "./findings.ts";
import { abbaSchedule } from "./schedule.ts";

const context = { seed: 1, scenario: "light", cores: 2, baseline: "b" } as const;

/** Pairs with a noise of 1 %; A does `factor` times as much as B, its p99 is 4 ms longer. */
function outcome(pairs: number, factor: number, changes: Partial<CompareOutcome> = {}): CompareOutcome {
  const rounds = abbaSchedule(pairs, 1).map((step, at): Round => {
    const noise = 1 + (at * 7 % 5 - 2) / 200;
    const isA = step.side === "a";
    const throughput = 1_000 * noise * (isA ? factor : 1);
    const numbers = {
      throughput,
      p50: 1_000 * noise,
      p99: 5_000 * noise + (isA ? 4_000 : 0),
      serverCpu: undefined,
    };
    return { ...step, startedAt: "2026-01-01T00:00:00Z", numbers, fault: undefined };
  });
  return {
    names: { a: "cluster=3", b: "standalone" },
    rounds,
    wasInterrupted: false,
    gaveUp: false,
    ...changes,
  };
}

Deno.test("compareFindings() answers in one sentence, the cluster held against standalone", () => {
  const { conclusion, word, exitCode } = compareFindings(outcome(6, 2.5), context);
  assert.match(
    conclusion,
    /^cluster=3 against standalone: throughput x2\.5\d? \[2\.4\d, 2\.5\d\], p50 no different, p99 \+4\.0ms/,
  );
  assert.deepEqual([word, exitCode], ["DONE", 0]);
});

Deno.test("compareFindings() turns the factor round with the baseline", () => {
  const { conclusion } = compareFindings(outcome(6, 2.5), { ...context, baseline: "a" });
  assert.match(conclusion, /^standalone against cluster=3: throughput x0\.40/);
});

Deno.test("compareFindings() claims nothing from fewer than five pairs, faulty or interrupted runs", () => {
  assert.equal(compareFindings(outcome(4, 2.5), context).exitCode, 4);
  assert.match(compareFindings(outcome(4, 2.5), context).conclusion, /Only 4 pairs: a hint/);
  assert.equal(compareFindings(outcome(6, 2, { wasInterrupted: true }), context).exitCode, 130);
  const faulty = outcome(6, 2);
  const rounds = faulty.rounds.map((round, at) =>
    at === 3 ? { ...round, fault: "generator-bound: x" } : round
  );
  const given = compareFindings({ ...faulty, rounds, gaveUp: true }, context);
  assert.deepEqual([given.word, given.exitCode], ["INVALID", 4]);
  assert.match(given.conclusion, /No result can be claimed: generator-bound/);
  const lost = rounds.map((round, at) => at === 3 ? { ...round, fault: "correctness: loss==0" } : round);
  assert.equal(compareFindings({ ...faulty, rounds: lost, gaveUp: true }, context).exitCode, 3);
});

Deno.test("findingsLines() and findingsMarkdown() show the conclusion, the table and the files", () => {
  const findings = compareFindings(outcome(6, 2.5), context);
  const text = findingsLines(findings, ["reports/x/experiment.json"]).join("\n");
  assert.ok(text.split("\n").every((line) => line.length <= 100), text);
  assert.match(text, / DONE {2}compare · cluster=3 against standalone · light · 6 pairs/);
  assert.match(text, /FILES {2}reports\/x\/experiment.json/);
  assert.match(findingsMarkdown(findings), /\| throughput \| /);
});

Deno.test("findingsLines() says all in a narrow window, too, and no line is wider than it", () => {
  const findings = compareFindings(outcome(6, 2.5), context);
  const table = findings.tables[0] ?? [];
  for (const columns of [60, 80]) {
    const lines = findingsLines(findings, [], columns);
    assert.deepEqual(lines.filter((line) => line.length >= columns), []);
    for (const cell of table.flat()) assert.ok(lines.join("\n").includes(cell), cell);
  }
  assert.match(
    findingsLines(findings, [], 60).join("\n"),
    /^ {2}MEDIAN OF RUNS {2}p50\n {4}standalone {4}1\.0ms$/m,
  );
  assert.deepEqual(findingsLines(findings, [], 200), findingsLines(findings));
});

/** A run of ten seconds at `ms` latency, `perSec` answers a second. */
function saved(name: string, ms: number, perSec: number) {
  const names = sampleOptions.targets.map((target) => target.instance);
  const seconds = names.flatMap((instance) =>
    Array.from({ length: 10 }, (_, second) => ({
      instance,
      second,
      sent: perSec / 2,
      received: perSec / 2 + second % 3,
      errors: 0,
      latency: histogramOf(perSec / 2, ms + (second % 3) / 10),
    }))
  );
  assert.ok(goodResult.traffic);
  const result = { ...goodResult, traffic: { ...goodResult.traffic, sendMs: 10_000, seconds } };
  return { name, report: reportOf(result) };
}

Deno.test("compareSaved() sees no difference between a run and itself, and finds 10 % more latency", () => {
  const one = saved("a.json", 2, 1_000);
  assert.match(
    compareSaved(one, one, { seed: 1, isForced: false }).conclusion,
    /throughput no different, p50 no different/,
  );
  const { conclusion } = compareSaved(one, saved("b.json", 2.4, 1_000), { seed: 1, isForced: false });
  assert.match(conclusion, /throughput no different, p50 \+0\.4\dms \[/);
});

Deno.test("compareSaved() refuses runs of different loads unless forced", () => {
  const one = saved("a.json", 2, 1_000);
  const scenario = { ...one.report.options.scenario, connections: 99 };
  const other = { name: "b.json", report: { ...one.report, options: { ...one.report.options, scenario } } };
  assert.deepEqual(differingFields(one.report, other.report), ["connections"]);
  assert.throws(() => compareSaved(one, other, { seed: 1, isForced: false }), /their connections differ/);
  assert.ok(
    compareSaved(one, other, { seed: 1, isForced: true }).notes.some((note) => /connections/.test(note)),
  );
});

/** Says what paired rounds mean: one sentence, a table, and what has to be known to believe them. */
import type { Chart } from "../reports/charts/chart.ts";
import { forestChart } from "../reports/charts/forest_chart.ts";
import { exitCodes } from "../truth/verdict.ts";
import { formatRate, formatUs } from "../units.ts";
import { type CompareOutcome, isFatal, type Round } from "./compare.ts";
import type { Findings, Table } from "./findings.ts";
import { MIN_PAIRS, type PairedEffect, pairedEffect } from "./paired.ts";
import type { RunMetric } from "./run_numbers.ts";

/** The effect on each metric that all runs have. */
export type Effects = Partial<Record<RunMetric, PairedEffect>>;

/** How things stood when the runs were made. */
export interface CompareContext {
  readonly seed: number;
  readonly scenario: string;
  readonly cores: number;
  /** Which side the other one is held against. */
  readonly baseline: "a" | "b";
}

interface MetricInfo {
  readonly label: string;
  readonly isMoreBetter: boolean;
  readonly format: (value: number) => string;
}

const METRICS: Readonly<Record<RunMetric, MetricInfo>> = {
  throughput: { label: "throughput", isMoreBetter: true, format: (value) => `${formatRate(value)}/s` },
  p50: { label: "p50", isMoreBetter: false, format: formatUs },
  p99: { label: "p99", isMoreBetter: false, format: formatUs },
  serverCpu: {
    label: "server CPU per message",
    isMoreBetter: false,
    format: (value) => `${value.toFixed(1)} us`,
  },
};

const METRIC_NAMES: readonly RunMetric[] = ["throughput", "p50", "p99", "serverCpu"];

/** The findings of a paired comparison. */
export function compareFindings(outcome: CompareOutcome, context: CompareContext): Findings {
  const effects = effectsOf(outcome.rounds, context);
  const { word, exitCode } = judgeOutcome(outcome, effects);
  const [base, other] = context.baseline === "a"
    ? [outcome.names.a, outcome.names.b]
    : [outcome.names.b, outcome.names.a];
  const usable = usableRounds(outcome.rounds);
  return {
    kind: "compare",
    word,
    exitCode,
    title: `compare · ${other} against ${base} · ${context.scenario} · ${countPairs(usable)} pairs`,
    conclusion: conclude({ other, base, word }, effects, outcome),
    tables: [effectTable(effects, usable, { base, other, baseline: context.baseline })],
    notes: notesOf(outcome, effects, context),
    charts: chartsOf(effects, { word, base, other, scenario: context.scenario }),
    data: { ...outcome, effects, context },
  };
}

function chartsOf(
  effects: Effects,
  { word, base, other, scenario }: Readonly<Record<"word" | "base" | "other" | "scenario", string>>,
): readonly Chart[] {
  const rows = METRIC_NAMES.flatMap((metric) => {
    const effect = effects[metric];
    if (effect === undefined) return [];
    const { label, isMoreBetter } = METRICS[metric];
    const { ratio: { estimate, low, high }, noiseFloor, ratios } = effect;
    const noise = { low: 1 / noiseFloor, high: noiseFloor };
    return [{ name: label, ratio: estimate, low, high, isLargerBetter: isMoreBetter, noise, rounds: ratios }];
  });
  if (rows.length === 0) return [];
  const title = `${other} (B) against ${base} (A), ${scenario}`;
  const caption =
    "Median ratio of paired runs with its 95 % interval; dots are pairs, the grey span is the noise of equal runs.";
  return [forestChart({ name: "comparison", title, caption, stamp: word }, rows)];
}

/** The effects, from the baseline to the other side. */
export function effectsOf(rounds: readonly Round[], { baseline, seed }: CompareContext): Effects {
  const usable = usableRounds(rounds);
  const effects = METRIC_NAMES.flatMap((metric) => {
    const values = usable.flatMap((round) => {
      const value = round.numbers[metric];
      const side = round.side === baseline ? "a" as const : "b" as const;
      return value === undefined || value <= 0 ? [] : [{ side, pair: round.pair, value }];
    });
    return values.length < usable.length || countPairs(usable) === 0
      ? []
      : [[metric, pairedEffect(values, seed)] as const];
  });
  return Object.fromEntries(effects);
}

/** Runs without fault; of an interrupted last pair nothing is left out, it is just no pair. */
function usableRounds(rounds: readonly Round[]): readonly Round[] {
  return rounds.filter((round) => round.fault === undefined);
}

function countPairs(rounds: readonly Round[]): number {
  const complete = (pair: number) => rounds.filter((round) => round.pair === pair).length === 2;
  return new Set(rounds.map((round) => round.pair).filter(complete)).size;
}

function judgeOutcome(
  outcome: CompareOutcome,
  effects: Effects,
): Pick<Findings, "word" | "exitCode"> {
  if (outcome.wasInterrupted) return { word: "INTERRUPTED", exitCode: exitCodes.interrupted };
  const broken = outcome.rounds.find(isFatal);
  if (broken !== undefined) return { word: "FAIL", exitCode: exitCodes.correctness };
  const isEmpty = Object.keys(effects).length === 0;
  const isWeak = (effects.throughput?.pairs ?? 0) < MIN_PAIRS;
  if (outcome.gaveUp || isEmpty || isWeak) return { word: "INVALID", exitCode: exitCodes.invalid };
  return { word: "DONE", exitCode: exitCodes.ok };
}

function conclude(
  { other, base, word }: { readonly other: string; readonly base: string; readonly word: Findings["word"] },
  effects: Effects,
  outcome: CompareOutcome,
): string {
  const firstFault = outcome.rounds.find((round) => round.fault !== undefined)?.fault;
  if (word === "FAIL") return `Nothing can be compared: ${firstFault}`;
  if (word === "INVALID" && (outcome.gaveUp || firstFault !== undefined)) {
    return `No result can be claimed: ${firstFault ?? "no pair was complete"}`;
  }
  const parts = METRIC_NAMES.flatMap((metric) => {
    const effect = effects[metric];
    return effect === undefined ? [] : [effectText(metric, effect)];
  });
  if (parts.length === 0) return "Ended before a pair was complete: there is nothing to compare.";
  const pairs = effects.throughput?.pairs ?? 0;
  const few = pairs < MIN_PAIRS ? ` Only ${pairs} pairs: a hint, no result (${MIN_PAIRS} are needed).` : "";
  return `${other} against ${base}: ${parts.join(", ")}.${few}`;
}

function effectText(metric: RunMetric, effect: PairedEffect): string {
  const { label } = METRICS[metric];
  if (effect.pairs >= MIN_PAIRS && !effect.isDifferent) return `${label} no different`;
  return `${label} ${changeText(metric, effect)}`;
}

/** Throughput as a factor, latency as what comes on top. */
function changeText(metric: RunMetric, { ratio, difference }: PairedEffect): string {
  if (metric === "p50" || metric === "p99") {
    const { estimate, low, high } = difference;
    return `${signed(estimate)} [${signed(low)}, ${signed(high)}]`;
  }
  return `x${ratio.estimate.toFixed(2)} [${ratio.low.toFixed(2)}, ${ratio.high.toFixed(2)}]`;
}

function signed(us: number): string {
  return `${us < 0 ? "-" : "+"}${formatUs(Math.abs(us))}`;
}

function effectTable(
  effects: Effects,
  rounds: readonly Round[],
  sides: { readonly base: string; readonly other: string; readonly baseline: "a" | "b" },
): Table {
  const head = ["MEDIAN OF RUNS", sides.base, sides.other, "RATIO [95%]", "NOISE", "WILCOXON P", "DIFFERENT"];
  const medianOf = (metric: RunMetric, isBase: boolean) => {
    const values = rounds.filter((round) => (round.side === sides.baseline) === isBase)
      .flatMap((round) => round.numbers[metric] ?? []).sort((x, y) => x - y);
    const middle = values[Math.floor(values.length / 2)];
    return middle === undefined ? "n/a" : METRICS[metric].format(middle);
  };
  const rows = METRIC_NAMES.flatMap((metric) => {
    const effect = effects[metric];
    if (effect === undefined) return [];
    const { ratio, noiseFloor, p, isDifferent } = effect;
    const interval = `x${ratio.estimate.toFixed(3)} [${ratio.low.toFixed(3)}, ${ratio.high.toFixed(3)}]`;
    const answer = isDifferent ? betterOrWorse(metric, ratio.estimate) : "no";
    const noise = `x${noiseFloor.toFixed(3)}`;
    const medians = [medianOf(metric, true), medianOf(metric, false)];
    return [[METRICS[metric].label, ...medians, interval, noise, p.toFixed(3), answer]];
  });
  return [head, ...rows];
}

function betterOrWorse(metric: RunMetric, ratio: number): string {
  return (ratio > 1) === METRICS[metric].isMoreBetter ? "yes, better" : "yes, worse";
}

function notesOf(outcome: CompareOutcome, effects: Effects, context: CompareContext): readonly string[] {
  const faults = outcome.rounds.filter((round) => round.fault !== undefined);
  const pairs = effects.throughput?.pairs ?? 0;
  return [
    "Runs in the order ABBA, fresh servers for each; intervals: bootstrap of the pairs' medians, 10,000 resamples; " +
    "different means that the interval excludes 1 and the ratio lies beyond the noise between runs of the same side.",
    `Both sides and the load generator may use the same ${context.cores} cores of this machine; nothing is pinned. ` +
    "Where they are used up, throughput compares costs, not clusters: look at server CPU per message.",
    ...(pairs < 6 && pairs > 0
      ? ["With five pairs Wilcoxon's p is never below 0.06: take --pairs 6 or more to let it decide, too."]
      : []),
    ...faults.map((round) => `Left out and repeated, pair ${round.pair + 1}, ${round.side}: ${round.fault}`),
  ];
}

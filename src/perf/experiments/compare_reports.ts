/** `perf compare a.json b.json`: two saved runs held against each other, from their histograms. */
import type { RunReport } from "../reports/run_report.ts";
import { exitCodes } from "../truth/verdict.ts";
import { formatRate, formatUs } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import { seededRandom } from "../engine/seed.ts";
import { type Interval, intervalOf } from "./bootstrap.ts";
import type { Findings, Table } from "./findings.ts";
import { runFault } from "./run_numbers.ts";
import {
  type Draw,
  drawSeconds,
  everySecond,
  percentileOf,
  readSecondBlocks,
  type SecondBlocks,
  throughputOf,
} from "./second_blocks.ts";

/** A saved run. */
export interface SavedRun {
  /** What it is called: its path. */
  readonly name: string;
  readonly report: RunReport;
}

/** How two runs differ in one number. */
export interface SavedEffect {
  readonly metric: string;
  readonly a: number;
  readonly b: number;
  /** B / A; its interval says how much seconds within the runs differ. */
  readonly ratio: Interval;
  readonly difference: Interval;
}

/** Fewer seconds than this are not enough blocks to draw from. */
const MIN_SECONDS = 5;
/** The same number a hundred times as fast: a percentile is drawn from all seconds each time. */
const RESAMPLES = 2_000;

/**
 * Compares two runs of the same load. Throws UsageError when their loads differ or one of them is too short, unless
 * `isForced`.
 */
export function compareSaved(
  a: SavedRun,
  b: SavedRun,
  { seed, isForced }: { readonly seed: number; readonly isForced: boolean },
): Findings {
  const unequal = differingFields(a.report, b.report);
  if (unequal.length > 0 && !isForced) {
    throw new UsageError(
      `Cannot compare "${a.name}" with "${b.name}": their ${
        unequal.join(", ")
      } differ; compare runs of the same load, ` +
        "or add --force",
    );
  }
  const faults = [a, b].flatMap(({ name, report }) => {
    const fault = runFault(report);
    return fault === undefined ? [] : [`${name}: ${fault}`];
  });
  const effects = savedEffects(blocksOf(a), blocksOf(b), seed);
  const isInvalid = faults.length > 0;
  return {
    kind: "compare",
    word: isInvalid ? "INVALID" : "DONE",
    exitCode: isInvalid ? exitCodes.invalid : exitCodes.ok,
    title: `compare · ${b.name} against ${a.name} · one run each`,
    conclusion: isInvalid
      ? `No result can be claimed: ${faults.join("; ")}`
      : `B against A: ${effects.map(effectText).join(", ")}.`,
    tables: [tableOf(effects)],
    notes: [
      "One run of each: the intervals are drawn from the seconds within the runs and know nothing of how much whole " +
      "runs differ. For a claim, run pairs: deno task perf compare --a ... --b ...",
      ...(unequal.length > 0 ? [`The loads differ in ${unequal.join(", ")}.`] : []),
      ...machineNotes(a.report, b.report),
    ],
    data: { a: a.name, b: b.name, effects },
  };
}

function blocksOf({ name, report }: SavedRun): SecondBlocks {
  const { traffic } = report.result;
  const blocks = readSecondBlocks(traffic?.seconds ?? [], traffic?.sendMs ?? 0);
  if (blocks.seconds < MIN_SECONDS) {
    throw new UsageError(
      `Cannot compare "${name}": it measured ${blocks.seconds} full seconds, ${MIN_SECONDS} are needed; run it longer`,
    );
  }
  return blocks;
}

function savedEffects(a: SecondBlocks, b: SecondBlocks, seed: number): readonly SavedEffect[] {
  const effect = (metric: string, read: (blocks: SecondBlocks, draw: Draw) => number): SavedEffect => {
    const [ofA, ofB] = [read(a, everySecond(a)), read(b, everySecond(b))];
    const draws = (
      random: () => number,
    ) => [read(a, drawSeconds(a, random)), read(b, drawSeconds(b, random))];
    const interval = (combine: (x: number, y: number) => number) => {
      const random = seededRandom(seed);
      return intervalOf(combine(ofA, ofB), { seed, resamples: RESAMPLES }, () => {
        const [x = 0, y = 0] = draws(random);
        return combine(x, y);
      });
    };
    const [ratio, difference] = [interval((x, y) => y / x), interval((x, y) => y - x)];
    return { metric, a: ofA, b: ofB, ratio, difference };
  };
  return [
    effect("throughput", throughputOf),
    effect("p50", (blocks, draw) => percentileOf(blocks, draw, 0.5)),
    effect("p99", (blocks, draw) => percentileOf(blocks, draw, 0.99)),
  ];
}

function effectText({ metric, ratio, difference }: SavedEffect): string {
  if (ratio.low <= 1 && ratio.high >= 1) return `${metric} no different`;
  if (metric === "throughput") {
    return `${metric} x${ratio.estimate.toFixed(2)} [${ratio.low.toFixed(2)}, ${ratio.high.toFixed(2)}]`;
  }
  const signed = (us: number) => `${us < 0 ? "-" : "+"}${formatUs(Math.abs(us))}`;
  return `${metric} ${signed(difference.estimate)} [${signed(difference.low)}, ${signed(difference.high)}]`;
}

function tableOf(effects: readonly SavedEffect[]): Table {
  const rows = effects.map(({ metric, a, b, ratio }) => {
    const format = metric === "throughput" ? (value: number) => `${formatRate(value)}/s` : formatUs;
    const interval = `x${ratio.estimate.toFixed(3)} [${ratio.low.toFixed(3)}, ${ratio.high.toFixed(3)}]`;
    return [metric, format(a), format(b), interval];
  });
  return [["", "A", "B", "RATIO [95% of seconds]"], ...rows];
}

/** Fields of the load that are not the same. */
export function differingFields(a: RunReport, b: RunReport): readonly string[] {
  const [ofA, ofB] = [loadOf(a), loadOf(b)];
  return Object.keys(ofA).filter((key) => JSON.stringify(ofA[key]) !== JSON.stringify(ofB[key]));
}

/** What makes two loads equal: not the seed, the name, or where the servers are. */
function loadOf({ options }: RunReport): Readonly<Record<string, unknown>> {
  const { name: _, ...scenario } = options.scenario;
  const { workers, pacer } = options;
  return { ...scenario, workers, pacer };
}

function machineNotes(a: RunReport, b: RunReport): readonly string[] {
  const fields = ["cpuModel", "cores", "deno", "commit"] as const;
  return fields.filter((field) => a.environment[field] !== b.environment[field])
    .map((field) => `${field} differs: ${a.environment[field]} and ${b.environment[field]}`);
}

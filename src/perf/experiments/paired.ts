/** What paired runs of A and B say together: the unit is the run, since messages within one run are not independent. */
import { seededRandom } from "../engine/seed.ts";
import { bootstrap, type Interval, RESAMPLES } from "./bootstrap.ts";
import { median, sortedQuantile } from "./quantile.ts";
import { signedRankP } from "./wilcoxon.ts";

/** One number of each run, in the order in which the runs took place. */
export interface RoundValue {
  readonly side: "a" | "b";
  /** From 0; each pair has one run of each side. */
  readonly pair: number;
  /** Above zero. */
  readonly value: number;
}

/** The effect of going from A to B. */
export interface PairedEffect {
  readonly pairs: number;
  /** B / A of each pair. */
  readonly ratios: readonly number[];
  /** Median of B / A, with its 95 % interval. */
  readonly ratio: Interval;
  /** Median of B - A, with its 95 % interval. */
  readonly difference: Interval;
  /** Wilcoxon's signed-rank test of the ratios, two-sided. */
  readonly p: number;
  /** A ratio this far from 1, up or down, comes from chance alone in one of twenty experiments; 1.04 is 4 %. */
  readonly noiseFloor: number;
  /** Whether the interval excludes 1 and the ratio lies beyond the noise floor. */
  readonly isDifferent: boolean;
}

/** Fewer pairs than this give an interval that is too narrow to be believed. */
export const MIN_PAIRS = 5;

/** Weighs up the rounds. `seed` makes the resampling repeatable. Throws RangeError without a complete pair. */
export function pairedEffect(
  rounds: readonly RoundValue[],
  seed: number,
  resamples = RESAMPLES,
): PairedEffect {
  const pairs = pairsOf(rounds);
  if (pairs.length === 0) throw new RangeError("Cannot compare: no pair is complete");
  const logRatios = pairs.map(([a, b]) => Math.log(b / a));
  const logs = bootstrap(logRatios, median, { seed, resamples });
  const floor = noiseFloor(sameSideLogRatios(rounds), pairs.length, { seed, resamples });
  const excludesNone = logs.low > 0 || logs.high < 0;
  return {
    pairs: pairs.length,
    ratios: pairs.map(([a, b]) => b / a),
    ratio: mapped(logs, Math.exp),
    difference: bootstrap(pairs.map(([a, b]) => b - a), median, { seed, resamples }),
    p: signedRankP(logRatios),
    noiseFloor: Math.exp(floor),
    isDifferent: pairs.length >= MIN_PAIRS && excludesNone && Math.abs(logs.estimate) > floor,
  };
}

function mapped({ estimate, low, high }: Interval, change: (value: number) => number): Interval {
  return { estimate: change(estimate), low: change(low), high: change(high) };
}

function pairsOf(rounds: readonly RoundValue[]): readonly (readonly [number, number])[] {
  const of = (side: "a" | "b", pair: number) =>
    rounds.find((round) => round.side === side && round.pair === pair)?.value;
  const numbers = [...new Set(rounds.map((round) => round.pair))];
  return numbers.flatMap((pair) => {
    const [a, b] = [of("a", pair), of("b", pair)];
    return a === undefined || b === undefined ? [] : [[a, b] as const];
  });
}

/**
 * In the order A B B A A B ... each run but the first and the last has a neighbour of its own side in the next pair:
 * two runs of the same thing, just as far apart as those of a pair. What they differ by is noise.
 */
export function sameSideLogRatios(rounds: readonly RoundValue[]): readonly number[] {
  return rounds.slice(1).flatMap((round, at) => {
    const before = rounds[at];
    const isNoise = before?.side === round.side && before.pair !== round.pair;
    return isNoise ? [Math.log(round.value / before.value)] : [];
  });
}

/** 95th percentile of |median| over `pairs` noise ratios drawn with random signs. 0 when there is no noise to draw. */
function noiseFloor(
  noise: readonly number[],
  pairs: number,
  { seed, resamples }: { readonly seed: number; readonly resamples: number },
): number {
  if (noise.length === 0) return 0;
  // Another stream than the interval's: the same draws would tie the two together.
  const random = seededRandom(seed ^ 0x0a0a0a0a);
  const drawn = new Float64Array(pairs);
  const medians = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < pairs; i++) {
      const size = noise[Math.floor(random() * noise.length)] ?? 0;
      drawn[i] = random() < 0.5 ? -size : size;
    }
    return Math.abs(median(drawn));
  });
  return sortedQuantile(medians.sort(), 0.95);
}

/** Seeded bootstrap: how much a statistic would differ had other runs of the same kind been drawn. */
import { seededRandom } from "../engine/seed.ts";
import { sortedQuantile } from "./quantile.ts";

/** A statistic with its percentile interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** How intervals are drawn. */
export interface BootstrapOptions {
  /** 10,000 unless said otherwise. */
  readonly resamples?: number;
  readonly seed: number;
  /** Share of the draws within the interval; 0.95 unless said otherwise. */
  readonly confidence?: number;
}

/** Resamples of an interval when nobody says otherwise. */
export const RESAMPLES = 10_000;
const CONFIDENCE = 0.95;

/** `statistic` of `values` with its interval. One value gives an interval of no width, which proves nothing. */
export function bootstrap(
  values: readonly number[],
  statistic: (values: ArrayLike<number>) => number,
  options: BootstrapOptions,
): Interval {
  const random = seededRandom(options.seed);
  const drawn = new Float64Array(values.length);
  return intervalOf(statistic(values), options, () => {
    for (let i = 0; i < drawn.length; i++) drawn[i] = values[Math.floor(random() * values.length)] ?? 0;
    return statistic(drawn);
  });
}

/** The interval of `draw`, called once per resample, around `estimate`. */
export function intervalOf(estimate: number, options: BootstrapOptions, draw: () => number): Interval {
  const { resamples = RESAMPLES, confidence = CONFIDENCE } = options;
  const results = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) results[i] = draw();
  results.sort();
  const tail = (1 - confidence) / 2;
  return { estimate, low: sortedQuantile(results, tail), high: sortedQuantile(results, 1 - tail) };
}

/** Fits the Universal Scalability Law to runs. */
import { seededRandom } from "../engine/seed.ts";
import { type Interval, intervalOf } from "./bootstrap.ts";
import { drawNormal } from "./normal.ts";
import { median } from "./quantile.ts";
import { type ScalePoint, solveUsl } from "./usl_solver.ts";
import { type DominantTerm, dominantTerm, type UslCurve, uslPeak, uslThroughput } from "./usl.ts";

/** The curve at one number of instances. */
export interface ScaleRow {
  readonly instances: number;
  /** Median of the runs. */
  readonly measured: number;
  readonly fitted: number;
  /** Measured by fitted, less 1. */
  readonly residual: number;
  /** Within which the curve lies with 95 %. */
  readonly low: number;
  readonly high: number;
}

/** A curve with what is known of its precision. */
export interface UslFit {
  readonly curve: UslCurve;
  readonly lambda: Interval;
  readonly sigma: Interval;
  readonly kappa: Interval;
  /** Instances at the highest throughput. Infinite ends mean that no peak was seen. */
  readonly peak: Interval;
  readonly dominant: DominantTerm;
  readonly rows: readonly ScaleRow[];
  /** The largest number of instances that the curve may be asked for. */
  readonly validUpTo: number;
}

/** Three parameters need more sizes than three, or the curve goes through whatever was measured. */
export const MIN_SIZES = 5;

const PARAMETERS = 3;

/** Twice the largest measured size: further out nothing supports the curve. */
const MAX_EXTRAPOLATION = 2;

/** Each costs a fit of its own; percentiles of 95 % are steady from here. */
const RESAMPLES = 1_000;

/** Fits, and draws intervals by a parametric bootstrap. Throws RangeError for fewer than {@linkcode MIN_SIZES} sizes. */
export function fitUsl(points: readonly ScalePoint[], seed: number, resamples = RESAMPLES): UslFit {
  const sizes = [...new Set(points.map((point) => point.instances))].sort((a, b) => a - b);
  if (sizes.length < MIN_SIZES) {
    throw new RangeError(
      `Cannot fit a scaling curve: ${sizes.length} sizes, at least ${MIN_SIZES} are needed`,
    );
  }
  const curve = solveUsl(points);
  const curves = resampledCurves(points, curve, { seed, resamples });
  const intervalBy = (read: (some: UslCurve) => number) => {
    let at = 0;
    return intervalOf(read(curve), { resamples, seed }, () => read(curves[at++] ?? curve));
  };
  const largest = sizes.at(-1) ?? 1;
  return {
    curve,
    lambda: intervalBy((some) => some.lambda),
    sigma: intervalBy((some) => some.sigma),
    kappa: intervalBy((some) => some.kappa),
    peak: intervalBy(uslPeak),
    dominant: dominantTerm(curve, largest),
    rows: sizes.map((instances) => rowOf(instances, points, intervalBy)),
    validUpTo: largest * MAX_EXTRAPOLATION,
  };
}

/** What the curve says of `instances`. Throws RangeError beyond twice the largest measured size. */
export function predictUsl(fit: UslFit, instances: number): number {
  if (instances > fit.validUpTo) {
    throw new RangeError(
      `Cannot predict ${instances} instances: the curve was measured up to ${
        fit.validUpTo / MAX_EXTRAPOLATION
      } ` +
        `and holds up to ${fit.validUpTo} at most; measure more instances`,
    );
  }
  return uslThroughput(fit.curve, instances);
}

function rowOf(
  instances: number,
  points: readonly ScalePoint[],
  intervalBy: (read: (curve: UslCurve) => number) => Interval,
): ScaleRow {
  const same = points.filter((point) => point.instances === instances).map((point) => point.throughput);
  const measured = median(same);
  const { estimate, low, high } = intervalBy((curve) => uslThroughput(curve, instances));
  return { instances, measured, fitted: estimate, residual: measured / estimate - 1, low, high };
}

/** Curves of sessions that might as well have been measured: the fitted one with new noise of the size seen. */
function resampledCurves(
  points: readonly ScalePoint[],
  curve: UslCurve,
  { seed, resamples }: { readonly seed: number; readonly resamples: number },
): readonly UslCurve[] {
  const random = seededRandom(seed);
  const freedom = points.length - PARAMETERS;
  const residuals = points.map((point) => Math.log(point.throughput / uslThroughput(curve, point.instances)));
  const squares = sumOfSquares(residuals);
  return Array.from({ length: resamples }, () => {
    // Few runs tell the size of the noise only roughly, so each session draws its own.
    const chiSquare = sumOfSquares(Array.from({ length: freedom }, () => drawNormal(random)));
    const noise = Math.sqrt(squares / chiSquare);
    return solveUsl(
      points.map(({ instances }) => ({
        instances,
        throughput: uslThroughput(curve, instances) * Math.exp(noise * drawNormal(random)),
      })),
    );
  });
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

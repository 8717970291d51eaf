/** Fits the Universal Scalability Law to runs. */
// ml-levenberg-marquardt: least squares of a curve that is not linear in its parameters, with bounds.
import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { seededRandom } from "../engine/seed.ts";
import { type Interval, intervalOf } from "./bootstrap.ts";
import { drawNormal } from "./normal.ts";
import { median } from "./quantile.ts";
import { type DominantTerm, dominantTerm, type UslCurve, uslPeak, uslThroughput } from "./usl.ts";

/** One run. */
export interface ScalePoint {
  readonly instances: number;
  /** Above zero. */
  readonly throughput: number;
}

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

/** Newton's steps double the correct digits each time; the start is right to one. */
const ITERATIONS = 8;

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
  const curve = fitCurve(points, startCurve(points));
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

/** Ways to leave a term out. */
const REDUCED = [
  { hasSigma: true, hasKappa: false },
  { hasSigma: false, hasKappa: true },
  { hasSigma: false, hasKappa: false },
] as const;

/** A term this small has met its bound. */
const AT_BOUND = 1e-4;

/** Least squares of relative errors: a busy size is not more important than a small one. */
function fitCurve(points: readonly ScalePoint[], start: UslCurve): UslCurve {
  const full = fitTerms(points, start, { hasSigma: true, hasKappa: true });
  if (Math.min(full.curve.sigma, full.curve.kappa) > AT_BOUND) return full.curve;
  // At a bound the method may stop beside the best curve, so that leaving terms out is tried as well.
  const fits = [full, ...REDUCED.map((terms) => fitTerms(points, start, terms))];
  return fits.reduce((best, fit) => fit.error < best.error * (1 - 1e-9) ? fit : best).curve;
}

function fitTerms(
  points: readonly ScalePoint[],
  start: UslCurve,
  { hasSigma, hasKappa }: { readonly hasSigma: boolean; readonly hasKappa: boolean },
): { readonly curve: UslCurve; readonly error: number } {
  const curveOf = ([lambda = 0, sigma = 0, kappa = 0]: readonly number[]) => ({
    // As its logarithm beside the start: of the size of the others, and never negative.
    lambda: start.lambda * Math.exp(lambda),
    sigma: hasSigma ? sigma : 0,
    kappa: hasKappa ? kappa : 0,
  });
  const data = {
    x: points.map((point) => point.instances),
    y: points.map((point) => Math.log(point.throughput)),
  };
  const fitted = levenbergMarquardt(
    data,
    (values) => (instances) => Math.log(uslThroughput(curveOf(values), instances)),
    {
      initialValues: [0, start.sigma, start.kappa],
      minValues: [-10, 0, 0],
      maxValues: [10, 1, 1],
      jacobianFunction: (values) => (instances) => {
        const { sigma, kappa } = curveOf(values);
        const slowdown = 1 + sigma * (instances - 1) + kappa * instances * (instances - 1);
        const [bySigma, byKappa] = [-(instances - 1) / slowdown, -instances * (instances - 1) / slowdown];
        return [1, hasSigma ? bySigma : 0, hasKappa ? byKappa : 0];
      },
      damping: 1e-4,
      maxIterations: ITERATIONS,
      errorTolerance: 1e-14,
    },
  );
  return { curve: curveOf(fitted.parameterValues), error: fitted.parameterError };
}

/** A term that is zero would not move. */
function startWithin({ lambda, sigma, kappa }: UslCurve): UslCurve {
  return { lambda, sigma: Math.max(sigma, 1e-3), kappa: Math.max(kappa, 1e-3) };
}

/** From two ratios of medians: good enough to begin with, and inside the bounds. */
function startCurve(points: readonly ScalePoint[]): UslCurve {
  const sizes = points.map((point) => point.instances);
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  const perInstance = (size: number) =>
    median(points.filter((point) => point.instances === size).map((point) => point.throughput)) / size;
  const lambda = perInstance(smallest);
  const lost = Math.max(0, lambda / perInstance(largest) - 1);
  const [sigma, kappa] = [lost / 2 / (largest - 1), lost / 2 / (largest * (largest - 1))];
  return { lambda, sigma: Math.min(0.9, sigma), kappa: Math.min(0.9, kappa) };
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
    return fitCurve(
      points.map(({ instances }) => ({
        instances,
        throughput: uslThroughput(curve, instances) * Math.exp(noise * drawNormal(random)),
      })),
      startWithin(curve),
    );
  });
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

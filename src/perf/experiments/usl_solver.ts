/**
 * Least squares for the Universal Scalability Law. Time per message and instance is linear in its terms,
 * N / X = a + b (N - 1) + c N (N - 1) with a = 1 / lambda, b = sigma / lambda, c = kappa / lambda, so that Gauss's and
 * Newton's steps on relative errors converge in a few rounds; terms below zero are left out, each way is tried.
 */
import { solveLinear } from "./linear_solve.ts";
import type { UslCurve } from "./usl.ts";

/** One run. */
export interface ScalePoint {
  readonly instances: number;
  /** Above zero. */
  readonly throughput: number;
}

interface Equation {
  /** What the terms are multiplied with. */
  readonly factors: readonly number[];
  /** Time per message and instance that was measured. */
  readonly time: number;
}

/** Which terms may differ from zero: 0 the time alone, 1 contention, 2 coherency. */
const WAYS: readonly (readonly number[])[] = [[0, 1, 2], [0, 1], [0, 2], [0]];
const ROUNDS = 20;
/** Steps are halved at most so often before the terms count as found. */
const HALVINGS = 12;
/** Rounds that bring less than this are the last. */
const ENOUGH = 1e-12;

/** The curve with the smallest sum of squared relative errors among those with sigma and kappa of at least zero. */
export function solveUsl(points: readonly ScalePoint[]): UslCurve {
  const equations = points.map(({ instances, throughput }): Equation => ({
    factors: [1, instances - 1, instances * (instances - 1)],
    time: instances / throughput,
  }));
  const ways = WAYS.flatMap((way) => {
    const terms = solveWay(equations, way);
    return terms === undefined || terms.slice(1).some((term) => term < 0) ? [] : [terms];
  });
  const errorOf = (terms: readonly number[]) => squaredError(equations, terms);
  const [time = 1, contention = 0, coherency = 0] = ways.reduce((best, terms) =>
    errorOf(terms) < errorOf(best) ? terms : best
  );
  return { lambda: 1 / time, sigma: contention / time, kappa: coherency / time };
}

/** The best terms when only those of `way` may differ from zero; undefined when they cannot be told apart. */
function solveWay(equations: readonly Equation[], way: readonly number[]): readonly number[] | undefined {
  const times = equations.map((equation) => equation.time);
  let terms: readonly number[] | undefined = step(equations, way, times, times);
  if (terms === undefined || !isPossible(equations, terms)) terms = startOf(equations);
  let error = squaredError(equations, terms);
  for (let round = 0; round < ROUNDS; round++) {
    const expected = equations.map((equation) => timeOf(equation, terms ?? []));
    const residuals = equations.map(({ time }, at) =>
      (expected[at] ?? 1) * Math.log(time / (expected[at] ?? 1))
    );
    const change = step(equations, way, expected, residuals);
    if (change === undefined) return undefined;
    const better = shortened(equations, terms, change, error);
    if (better === undefined || error - better.error < ENOUGH) return better?.terms ?? terms;
    [terms, error] = [better.terms, better.error];
  }
  return terms;
}

/** Weighted linear least squares: `right` by the factors of `way`, each equation by 1 / `scale`. */
function step(
  equations: readonly Equation[],
  way: readonly number[],
  scale: readonly number[],
  right: readonly number[],
): readonly number[] | undefined {
  const weight = (at: number) => (scale[at] ?? 1) ** -2;
  const sum = (value: (equation: Equation, at: number) => number) =>
    equations.reduce((total, equation, at) => total + value(equation, at) * weight(at), 0);
  const factor = (equation: Equation, term: number) => equation.factors[term] ?? 0;
  const matrix = way.map((row) => way.map((column) => sum((one) => factor(one, row) * factor(one, column))));
  const answer = solveLinear(matrix, way.map((row) => sum((one, at) => factor(one, row) * (right[at] ?? 0))));
  if (answer === undefined) return undefined;
  return [0, 1, 2].map((term) => answer[way.indexOf(term)] ?? 0);
}

/** The longest of ever shorter steps that makes the error smaller. */
function shortened(
  equations: readonly Equation[],
  terms: readonly number[],
  change: readonly number[],
  error: number,
): { readonly terms: readonly number[]; readonly error: number } | undefined {
  for (let halving = 0; halving < HALVINGS; halving++) {
    const next = terms.map((term, at) => term + (change[at] ?? 0) / 2 ** halving);
    if (!isPossible(equations, next)) continue;
    const nextError = squaredError(equations, next);
    if (nextError < error) return { terms: next, error: nextError };
  }
  return undefined;
}

function startOf(equations: readonly Equation[]): readonly number[] {
  const mean = equations.reduce((sum, { time }) => sum + time, 0) / equations.length;
  return [mean, 0, 0];
}

function timeOf({ factors }: Equation, terms: readonly number[]): number {
  return factors.reduce((sum, factor, at) => sum + factor * (terms[at] ?? 0), 0);
}

function isPossible(equations: readonly Equation[], terms: readonly number[]): boolean {
  return (terms[0] ?? 0) > 0 && equations.every((equation) => timeOf(equation, terms) > 0);
}

function squaredError(equations: readonly Equation[], terms: readonly number[]): number {
  return equations.reduce((sum, equation) => sum + Math.log(equation.time / timeOf(equation, terms)) ** 2, 0);
}

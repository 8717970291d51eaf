/** Wilcoxon's signed-rank test: are paired differences centred on zero? Asks nothing of their distribution's shape. */

/** Up to here every pattern of signs is counted; above, a normal distribution is close enough. */
const MAX_EXACT = 25;

/**
 * Two-sided p of `differences`. Differences of zero are left out, equal ones share their rank. With five pairs p is
 * never below 0.0625, with six never below 0.031: few pairs cannot be significant by this test alone.
 */
export function signedRankP(differences: readonly number[]): number {
  const nonZero = differences.filter((difference) => difference !== 0);
  if (nonZero.length === 0) return 1;
  const ranks = doubledRanks(nonZero.map(Math.abs));
  const positive = ranks.reduce((sum, rank, at) => sum + ((nonZero[at] ?? 0) > 0 ? rank : 0), 0);
  return nonZero.length <= MAX_EXACT ? exactP(ranks, positive) : normalP(ranks, positive);
}

/** Twice the rank of each magnitude, so that shared ranks stay whole numbers. */
function doubledRanks(magnitudes: readonly number[]): readonly number[] {
  return magnitudes.map((magnitude) => {
    const smaller = magnitudes.filter((other) => other < magnitude).length;
    const equal = magnitudes.filter((other) => other === magnitude).length;
    return 2 * smaller + equal + 1;
  });
}

/** Counts how many of the 2^n patterns of signs are at least as far from the middle. */
function exactP(ranks: readonly number[], positive: number): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const ways = new Float64Array(total + 1);
  ways[0] = 1;
  for (const rank of ranks) {
    for (let sum = total; sum >= rank; sum--) ways[sum] = (ways[sum] ?? 0) + (ways[sum - rank] ?? 0);
  }
  const distance = Math.abs(positive - total / 2);
  const extreme = ways.reduce(
    (sum, count, at) => Math.abs(at - total / 2) >= distance ? sum + count : sum,
    0,
  );
  return Math.min(1, extreme / 2 ** ranks.length);
}

function normalP(ranks: readonly number[], positive: number): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const variance = ranks.reduce((sum, rank) => sum + rank * rank, 0) / 4;
  // Half a step towards the middle, since sums of ranks are whole numbers; ranks are doubled here.
  const distance = Math.max(0, Math.abs(positive - total / 2) - 1);
  return Math.min(1, 2 * upperTail(distance / Math.sqrt(variance)));
}

/** Share of a normal distribution above `z` >= 0 (Abramowitz and Stegun 26.2.17; error below 1e-7). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  return density * series.reduceRight((sum, factor) => (sum + factor) * t, 0);
}

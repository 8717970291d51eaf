/** Order statistics of a few numbers. */

/** The value at `share` (0 to 1) of `values`, between neighbours in a straight line. NaN for no values. */
export function quantile(values: ArrayLike<number>, share: number): number {
  return sortedQuantile(Float64Array.from(values).sort(), share);
}

/** As {@linkcode quantile}, of values in ascending order. */
export function sortedQuantile(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  // Equal neighbours first: between two infinite ones there is no straight line.
  return below === above ? below : below + (above - below) * (place - Math.floor(place));
}

/** The middle value. NaN for no values. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

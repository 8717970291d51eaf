/** Counts by bucket, as Prometheus wants them: coarse, cheap to keep beside an HDR histogram, and easy to add up. */
import { perfLatencyBounds } from "../metric_catalog.ts";

/** Counts as plain data. */
export interface BucketData {
  /** One for each upper bound, and a last one for what lies above all; not cumulative. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A value counts into the first bucket whose upper bound it does not exceed. */
export class BucketCounts {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds` ascend; seconds of latencies unless others are given. */
  constructor(bounds: readonly number[] = perfLatencyBounds) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Counts `value`, in the unit of the bounds. */
  record(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  /** Counts a span of `ms` milliseconds, for bounds in seconds; negative spans count as zero. */
  recordMs(ms: number): void {
    this.record(Math.max(0, ms) / 1_000);
  }

  toData(): BucketData {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}

/** The sum of `parts`, which must have the same bounds. */
export function addBuckets(parts: readonly BucketData[]): BucketData {
  const [first] = parts;
  if (first === undefined) return { counts: [], sum: 0 };
  return {
    counts: first.counts.map((_, at) => parts.reduce((sum, part) => sum + (part.counts[at] ?? 0), 0)),
    sum: parts.reduce((sum, part) => sum + part.sum, 0),
  };
}

/** Counts by bucket, as Prometheus wants them: coarse, cheap to keep beside an HDR histogram, and easy to add up. */
import { Buckets } from "../../core/buckets.ts";

/** Counts as plain data. */
export interface BucketData {
  /** One for each upper bound, and a last one for what lies above all; not cumulative. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** {@linkcode Buckets} that also take milliseconds, and read as data without their bounds, which the table knows. */
export class BucketCounts {
  readonly #buckets: Buckets;

  /** `bounds` ascend; seconds of latencies unless others are given. */
  constructor(bounds?: readonly number[]) {
    this.#buckets = new Buckets(bounds);
  }

  /** Counts `value`, in the unit of the bounds. */
  record(value: number): void {
    this.#buckets.observe(value);
  }

  /** Counts a span of `ms` milliseconds, for bounds in seconds; negative spans count as zero. */
  recordMs(ms: number): void {
    this.record(Math.max(0, ms) / 1_000);
  }

  toData(): BucketData {
    const { counts, sum } = this.#buckets.read();
    return { counts, sum };
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

/** Counts values by size, coarsely, as Prometheus wants its histograms. */

/** Bounds for times on the way of a message, in seconds: 0.25 ms to 10 s in steps of 1, 2.5 and 5. */
export const latencyBounds: readonly number[] = [
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/** A histogram of one moment. */
export interface BucketReading {
  /** Upper bounds of the buckets, ascending, without the last one, which is infinite. */
  readonly bounds: readonly number[];
  /** How many values fell into each bucket (not cumulated), the infinite one last. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counts values by size in an array that is made once: an observation allocates nothing. */
export class Buckets {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds`: upper bounds in ascending order; what is larger has a bucket of its own. */
  constructor(bounds: readonly number[] = latencyBounds) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Counts `value`; one that equals a bound belongs below it. */
  observe(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? Infinity)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  /** What was counted until now. */
  read(): BucketReading {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}

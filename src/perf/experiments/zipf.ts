/** Zipf's law: the r-th most popular of `count` things is drawn with a probability in proportion to r^-exponent. */

/** Up to here sums are exact; beyond, an integral with its correction is closer than rounding. */
const EXACT_TERMS = 1_000;

/** A law over ranks 1 to `count`. An exponent of 0 makes all equally popular. */
export class Zipf {
  readonly count: number;
  readonly exponent: number;
  readonly #total: number;
  readonly #exact: Float64Array;

  /** Throws RangeError for a count below 1 or a negative exponent. */
  constructor(count: number, exponent: number) {
    if (!(count >= 1) || !(exponent >= 0)) {
      throw new RangeError(`Cannot make a Zipf law of ${count} things with exponent ${exponent}`);
    }
    this.count = count;
    this.exponent = exponent;
    const terms = Math.min(count, EXACT_TERMS);
    this.#exact = new Float64Array(terms + 1);
    for (let rank = 1; rank <= terms; rank++) {
      this.#exact[rank] = (this.#exact[rank - 1] ?? 0) + rank ** -exponent;
    }
    this.#total = this.#sumTo(count);
  }

  /** Probability of the thing of rank `rank`. */
  share(rank: number): number {
    return rank ** -this.exponent / this.#total;
  }

  /** A rank from a number in [0, 1). */
  rank(random: number): number {
    const wanted = random * this.#total;
    let [low, high] = [1, this.count];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#sumTo(middle) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The sum of r^-exponent for all ranks up to `rank`. */
  #sumTo(rank: number): number {
    if (rank < this.#exact.length) return this.#exact[rank] ?? 0;
    const base = this.#exact.length - 1;
    // Euler and Maclaurin: the integral, and half of the difference of its ends.
    const term = (at: number) => at ** -this.exponent;
    return (this.#exact[base] ?? 0) + this.#integral(base, rank) + (term(rank) - term(base)) / 2;
  }

  #integral(from: number, to: number): number {
    const power = 1 - this.exponent;
    return Math.abs(power) < 1e-9 ? Math.log(to / from) : (to ** power - from ** power) / power;
  }
}

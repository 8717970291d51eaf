/**
 * Proves what many subscribers got of many publishers' numbered messages: one expected number per pair in an array,
 * and the gaps of those few pairs that have any. Exact and bounded; the sum of all gaps is limited, not each pair's.
 */
import type { Arrival } from "./ledger.ts";

/** Gaps kept at most over all pairs; beyond, the oldest of a pair are forgotten and count as lost for good. */
const MAX_GAPS = 1_000_000;

/** Follows the numbers 0, 1, 2, ... of every pair. */
export class PairLedger {
  readonly #next: Int32Array;
  readonly #gaps = new Map<number, Set<number>>();
  #gapCount = 0;

  /** `pairs`: they are numbered from 0. */
  constructor(pairs: number) {
    this.#next = new Int32Array(pairs);
  }

  /** Notes that message `sequence` came on `pair`. */
  observe(pair: number, sequence: number): Arrival {
    const next = this.#next[pair] ?? 0;
    if (sequence === next) {
      this.#next[pair] = next + 1;
      return "in order";
    }
    if (sequence > next) return this.#skip(pair, next, sequence);
    const gaps = this.#gaps.get(pair);
    if (gaps === undefined || !gaps.delete(sequence)) return "duplicate";
    this.#gapCount--;
    if (gaps.size === 0) this.#gaps.delete(pair);
    return "reordered";
  }

  #skip(pair: number, next: number, sequence: number): Arrival {
    this.#next[pair] = sequence + 1;
    let gaps = this.#gaps.get(pair);
    if (gaps === undefined) this.#gaps.set(pair, gaps = new Set());
    for (let missing = Math.max(next, sequence - MAX_GAPS); missing < sequence; missing++) {
      gaps.add(missing);
      this.#gapCount++;
      if (this.#gapCount > MAX_GAPS) this.#forgetOldest(gaps);
    }
    return "in order";
  }

  #forgetOldest(gaps: Set<number>): void {
    const [oldest] = gaps;
    if (oldest === undefined) return;
    gaps.delete(oldest);
    this.#gapCount--;
  }
}

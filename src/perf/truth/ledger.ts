/**
 * Proves what one subscriber got of one publisher's numbered messages: lost, duplicate and reordered, exactly, in
 * bounded memory.
 */

/** What a {@linkcode Ledger} found. */
export interface LedgerCounts {
  /** Messages that should have come. */
  readonly expected: number;
  /** Different messages that came. */
  readonly received: number;
  readonly lost: number;
  readonly duplicate: number;
  /** Messages that came after one with a higher number. */
  readonly reordered: number;
  /** Of those received: they came after the drain was over. */
  readonly late: number;
}

/** What one arrival was. */
export type Arrival = "in order" | "reordered" | "duplicate";

/** Gaps kept at most; beyond, the oldest is forgotten: a message that fills it later counts as duplicate. */
const MAX_GAPS = 65_536;

/** Follows the numbers 0, 1, 2, ... of one publisher at one subscriber. */
export class Ledger {
  readonly #gaps = new Set<number>();
  #next = 0;
  #received = 0;
  #duplicate = 0;
  #reordered = 0;

  /** Notes that message `sequence` came. */
  observe(sequence: number): Arrival {
    if (sequence >= this.#next) return this.#advance(sequence);
    if (this.#gaps.delete(sequence)) {
      this.#received++;
      this.#reordered++;
      return "reordered";
    }
    this.#duplicate++;
    return "duplicate";
  }

  /** Different messages that came so far. */
  get received(): number {
    return this.#received;
  }

  /** The account after `expected` messages were sent. */
  close(expected: number): LedgerCounts {
    return {
      expected,
      received: this.#received,
      lost: Math.max(0, expected - this.#received),
      duplicate: this.#duplicate,
      reordered: this.#reordered,
      late: 0,
    };
  }

  #advance(sequence: number): Arrival {
    const firstKept = Math.max(this.#next, sequence - MAX_GAPS);
    for (let missing = firstKept; missing < sequence; missing++) this.#noteGap(missing);
    this.#next = sequence + 1;
    this.#received++;
    return "in order";
  }

  #noteGap(missing: number): void {
    this.#gaps.add(missing);
    if (this.#gaps.size <= MAX_GAPS) return;
    for (const oldest of this.#gaps) {
      this.#gaps.delete(oldest);
      return;
    }
  }
}

/** Sums of several accounts. */
export function addLedgers(all: readonly LedgerCounts[]): LedgerCounts {
  const sum = { expected: 0, received: 0, lost: 0, duplicate: 0, reordered: 0, late: 0 };
  for (const counts of all) {
    sum.expected += counts.expected;
    sum.received += counts.received;
    sum.lost += counts.lost;
    sum.duplicate += counts.duplicate;
    sum.reordered += counts.reordered;
    sum.late += counts.late;
  }
  return sum;
}

/** How many records of one kind may be written in one interval. */
export interface RepeatLimit {
  readonly perInterval: number;
  readonly intervalMs: number;
}

/** Records that were left out. */
export interface Suppressed {
  readonly key: string;
  readonly count: number;
}

interface Interval {
  readonly startMs: number;
  admitted: number;
  suppressed: number;
}

/** So many kinds of records are remembered; the oldest makes room for a new one. */
const MAX_KEYS = 256;

/** Counts how often each kind of record was written lately, so that a fault in a loop cannot fill a disk. */
export class Repeats {
  readonly #limit: RepeatLimit;
  /** In the order of their starts. */
  readonly #intervals = new Map<string, Interval>();
  #total = 0;

  constructor(limit: RepeatLimit) {
    this.#limit = limit;
  }

  /** How many records were left out since the start. */
  get total(): number {
    return this.#total;
  }

  /** Takes the intervals that have ended, and tells what they left out. */
  takeEnded(nowMs: number): readonly Suppressed[] {
    const ended: Suppressed[] = [];
    for (const [key, { startMs, suppressed }] of this.#intervals) {
      const isOver = nowMs - startMs >= this.#limit.intervalMs;
      if (!isOver && this.#intervals.size <= MAX_KEYS) break;
      this.#intervals.delete(key);
      if (suppressed > 0) ended.push({ key, count: suppressed });
    }
    return ended;
  }

  /** Whether one more record may be written; `first` marks the first of an interval that may not. */
  admit(key: string, nowMs: number): "yes" | "no" | "first no" {
    const interval = this.#intervals.get(key);
    if (interval === undefined) {
      this.#intervals.set(key, { startMs: nowMs, admitted: 1, suppressed: 0 });
      return "yes";
    }
    if (interval.admitted < this.#limit.perInterval) {
      interval.admitted++;
      return "yes";
    }
    this.#total++;
    return interval.suppressed++ === 0 ? "first no" : "no";
  }
}

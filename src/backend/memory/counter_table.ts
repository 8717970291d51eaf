import { ClientError } from "../../core/errors.ts";

/** Past this many live counters new ones are refused with 111: their keys come from clients. */
const MAX_COUNTERS = 1_000_000;
const MIN_SWEEP_SIZE = 1_024;
/** A full table is swept at most this often, or each refusal would cost a walk over all of it. */
const FULL_SWEEP_EVERY_MS = 1_000;

interface Counter {
  value: number;
  endMs: number;
}

/**
 * Counters that end after their ttl. Without a timer: an ended counter is dropped when it is met, and all ended ones
 * whenever the table has doubled since the last sweep, so a sweep costs each write O(1) on average.
 */
export class CounterTable {
  readonly #counters = new Map<string, Counter>();
  readonly #now: () => number;
  readonly #maxCounters: number;
  #sweepAtSize = MIN_SWEEP_SIZE;
  #fullSweepAtMs = -Infinity;

  /** `now` tells milliseconds on a clock that never steps back. */
  constructor(now: () => number, maxCounters = MAX_COUNTERS) {
    this.#now = now;
    this.#maxCounters = maxCounters;
  }

  /** Makes a counter with value 0, or resets one. Throws {@linkcode ClientError} 111 when the table is full. */
  create(key: string, ttlMs: number): void {
    const endMs = this.#now() + ttlMs;
    this.#makeRoom(key);
    this.#counters.set(key, { value: 0, endMs });
  }

  /** Adds one and answers the new value. Throws {@linkcode ClientError} 111 when the table is full. */
  increment(key: string, ttlMs: number): number {
    if (!this.touch(key, ttlMs)) this.create(key, ttlMs);
    const counter = this.#counters.get(key);
    return counter ? ++counter.value : 0;
  }

  /** Keeps the counter for `ttlMs` more; false when there is none. */
  touch(key: string, ttlMs: number): boolean {
    const nowMs = this.#now();
    const counter = this.#counters.get(key);
    if (!counter) return false;
    if (counter.endMs <= nowMs) {
      this.#counters.delete(key);
      return false;
    }
    counter.endMs = nowMs + ttlMs;
    return true;
  }

  /** Counters held, ended ones that nobody has met since included. */
  get size(): number {
    return this.#counters.size;
  }

  #makeRoom(key: string): void {
    if (this.#counters.has(key)) return;
    const isFull = this.#counters.size >= this.#maxCounters;
    if (isFull ? this.#now() >= this.#fullSweepAtMs : this.#counters.size >= this.#sweepAtSize) this.#sweep();
    if (this.#counters.size < this.#maxCounters) return;
    throw new ClientError("tooManyRequests", { detail: `all ${this.#maxCounters} counters are in use` });
  }

  #sweep(): void {
    const nowMs = this.#now();
    for (const [key, { endMs }] of this.#counters) {
      if (endMs <= nowMs) this.#counters.delete(key);
    }
    this.#sweepAtSize = Math.max(MIN_SWEEP_SIZE, this.#counters.size * 2);
    this.#fullSweepAtMs = nowMs + FULL_SWEEP_EVERY_MS;
  }
}

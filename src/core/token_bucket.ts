/** A rate with a bound on how much may come at once. */
export interface BucketRate {
  /** What flows in each second. */
  readonly perSec: number;
  /** What the bucket holds: as much may come at once after a rest. */
  readonly burst: number;
}

/** A bucket that fills at a steady rate and is emptied by what is taken. Two numbers: one for each connection is cheap. */
export class TokenBucket {
  #tokens: number;
  #atMs: number;

  /** Full at `nowMs`, on the monotonic clock. */
  constructor({ burst }: BucketRate, nowMs: number) {
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Takes `cost` if there is as much; false, and nothing is taken, when there is not. */
  take({ perSec, burst }: BucketRate, nowMs: number, cost = 1): boolean {
    const filled = this.#tokens + (nowMs - this.#atMs) * perSec / 1000;
    this.#atMs = nowMs;
    this.#tokens = Math.min(burst, filled);
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }
}

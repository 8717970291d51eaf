/** Event-loop lag by the drift of a timer; the runtime's own monitor answers wrong values. */
export class LagMeter {
  readonly #everyMs: number;
  #expectedMs: number;
  #worstMs = 0;
  #lastStallMs = -Infinity;

  constructor(everyMs: number, nowMs: number) {
    this.#everyMs = everyMs;
    this.#expectedMs = nowMs + everyMs;
  }

  /** Call at each firing of a timer of `everyMs`. Answers by how many milliseconds it was late. */
  tick(nowMs: number): number {
    const lateMs = Math.max(0, nowMs - this.#expectedMs);
    this.#worstMs = Math.max(this.#worstMs, lateMs);
    if (lateMs > STALL_MS) this.#lastStallMs = nowMs;
    this.#expectedMs = nowMs + this.#everyMs;
    return lateMs;
  }

  /** The worst lag since the last call, in milliseconds. */
  takeWorstMs(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }

  /** True when the loop has stalled for more than a second since `sinceMs`: silence may be our own fault. */
  hasStalledSince(sinceMs: number): boolean {
    return this.#lastStallMs >= sinceMs;
  }
}

const STALL_MS = 1_000;

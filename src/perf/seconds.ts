/** Second by second, so that a stall is not averaged away. */
import type { SecondRow } from "./engine.ts";

/** Seconds kept at most; what comes later counts into the last one. */
const MAX_SECONDS = 86_400;

/** Counts sends and answers by the second in which they happened. */
export class SecondsSeries {
  readonly #startMs: number;
  readonly #rows: { sent: number; received: number; maxUs: number }[] = [];

  /** `startMs`: begin of the first second on the monotonic clock. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** A message left at `nowMs`. */
  sent(nowMs: number): void {
    this.#rowAt(nowMs).sent++;
  }

  /** An answer came at `nowMs`, `latencyMs` after the intended time. */
  received(nowMs: number, latencyMs: number): void {
    const row = this.#rowAt(nowMs);
    row.received++;
    row.maxUs = Math.max(row.maxUs, Math.round(latencyMs * 1_000));
  }

  /** All seconds so far, idle ones included. */
  rows(): readonly SecondRow[] {
    return this.#rows.map((row) => ({ ...row }));
  }

  #rowAt(nowMs: number): { sent: number; received: number; maxUs: number } {
    const at = Math.min(MAX_SECONDS, Math.max(0, Math.floor((nowMs - this.#startMs) / 1_000)));
    while (this.#rows.length < at) this.#rows.push({ sent: 0, received: 0, maxUs: 0 });
    return this.#rows[at] ??= { sent: 0, received: 0, maxUs: 0 };
  }
}

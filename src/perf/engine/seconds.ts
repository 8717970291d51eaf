/** Second by second and instance by instance, so that neither a stall nor a slow instance is averaged away. */
import { encodeHistogram, type Histogram, newHistogram, recordMs } from "../truth/histogram.ts";
import type { SecondRow } from "./load_result.ts";

/** Seconds kept at most; what comes later counts into the last one. */
const MAX_SECONDS = 86_400;

interface OpenSecond {
  readonly second: number;
  readonly histogram: Histogram;
  sent: number;
  received: number;
  errors: number;
}

/** Counts what happened by the second in which it happened. A second is sealed (its histogram encoded) by the next. */
export class SecondsSeries {
  readonly #names: readonly string[];
  readonly #startMs: number;
  readonly #open: OpenSecond[];
  readonly #sealed: SecondRow[] = [];
  readonly #lastFull = new Map<number, { readonly p50Us: number; readonly p99Us: number }>();

  /** `startMs`: begin of the first second on the monotonic clock. */
  constructor(instances: readonly string[], startMs: number) {
    this.#names = instances;
    this.#startMs = startMs;
    this.#open = instances.map(() => newSecond(0));
  }

  /** A message left for instance `at` at `nowMs`. */
  sent(at: number, nowMs: number): void {
    const row = this.#rowAt(at, nowMs);
    if (row !== undefined) row.sent++;
  }

  /** An answer came at `nowMs`, `latencyMs` after the intended time. */
  received(at: number, nowMs: number, latencyMs: number): void {
    const row = this.#rowAt(at, nowMs);
    if (row === undefined) return;
    row.received++;
    recordMs(row.histogram, latencyMs);
  }

  /** Something went wrong at `nowMs`. */
  failed(at: number, nowMs: number): void {
    const row = this.#rowAt(at, nowMs);
    if (row !== undefined) row.errors++;
  }

  /** All seconds so far, by second and instance; seconds without any event are left out. */
  rows(): readonly SecondRow[] {
    this.#open.forEach((row, at) => this.#seal(at, row));
    this.#open.forEach((row, at) => this.#open[at] = newSecond(row.second + 1));
    return this.#sealed.toSorted((a, b) => a.second - b.second);
  }

  /** Latency of the last second that is over and had answers on instance `at`, for live views. */
  lastFull(at: number): { readonly p50Us: number | undefined; readonly p99Us: number | undefined } {
    return this.#lastFull.get(at) ?? { p50Us: undefined, p99Us: undefined };
  }

  #rowAt(at: number, nowMs: number): OpenSecond | undefined {
    const second = Math.min(MAX_SECONDS, Math.max(0, Math.floor((nowMs - this.#startMs) / 1_000)));
    const row = this.#open[at];
    // Time does not go back, so an older second never comes again.
    if (row === undefined || row.second >= second) return row;
    this.#seal(at, row);
    return this.#open[at] = newSecond(second);
  }

  #seal(at: number, row: OpenSecond): void {
    const { second, sent, received, errors } = row;
    if (sent + received + errors === 0) return;
    const { histogram } = row;
    const latency = encodeHistogram(histogram);
    if (received > 0) {
      const [p50Us, p99Us] = [histogram.getValueAtPercentile(50), histogram.getValueAtPercentile(99)];
      this.#lastFull.set(at, { p50Us, p99Us });
    }
    this.#sealed.push({ instance: this.#names[at] ?? "?", second, sent, received, errors, latency });
  }
}

function newSecond(second: number): OpenSecond {
  // Two digits: a second's messages prove no more, and these histograms are most of a long run's report.
  return { second, histogram: newHistogram(2), sent: 0, received: 0, errors: 0 };
}

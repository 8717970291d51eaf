/** The load generator's own health: a measurement by an overloaded instrument is a measurement of the instrument. */
import { cpuUsage } from "node:process";
import type { Clock } from "../../core/clock.ts";
import { BucketCounts, type BucketData } from "../truth/bucket_counts.ts";
import {
  encodeHistogram,
  type Histogram,
  type HistogramText,
  newHistogram,
  recordMs,
} from "../truth/histogram.ts";

/** How one process of the generator fared during one phase, as plain data. */
export interface GeneratorHealth {
  readonly processes: number;
  /** CPU time by wall time of this process while it sent; 1 is one core. */
  readonly cpuCores: number;
  /** CPU time, that of waiting for the last answers included, seconds. */
  readonly cpuSeconds: number;
  /** The most memory it was seen to use. */
  readonly maxRssBytes: number;
  /** Sends that the generator itself released too late, and all it released. */
  readonly lateSends: number;
  readonly sends: number;
  /** What counts as late, milliseconds after the intended time. */
  readonly lateAfterMs: number;
  /** From the intended time of a send to its release, microseconds. */
  readonly sendLag: HistogramText;
  /** How much later than asked a 20 ms timer fires, microseconds. */
  readonly loopLag: HistogramText;
}

/** How it fares so far, for live metrics. */
export interface GeneratorState {
  /** CPU time by wall time since it began to send. */
  readonly cpuCores: number;
  /** How late its last timer was, seconds. */
  readonly lagSeconds: number;
  readonly rssBytes: number;
  readonly lateSends: number;
  readonly sendLag: BucketData;
}

const LAG_EVERY_MS = 20;
/** Memory is looked at once a second. */
const BEATS_PER_RSS = 50;

/** Watches this process from construction to {@linkcode stop}. */
export class GeneratorWatch {
  readonly sendLag: Histogram = newHistogram();
  readonly #loopLag: Histogram = newHistogram();
  readonly #sendLagBuckets = new BucketCounts();
  readonly #clock: Clock;
  readonly #lateAfterMs: number;
  #cpuAtStart = cpuUsage();
  #beganMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #lastBeatMs: number;
  #maxRssBytes = Deno.memoryUsage().rss;
  #beats = 0;
  #sends = 0;
  #lateSends = 0;
  #lastLagMs = 0;
  #sendingCores: number | undefined;

  /** `lateAfterMs`: a send released later than this counts as late. */
  constructor(clock: Clock, lateAfterMs: number) {
    this.#clock = clock;
    this.#lateAfterMs = lateAfterMs;
    this.#beganMs = clock.monotonicMs();
    this.#lastBeatMs = this.#beganMs;
    this.#timer = setInterval(() => this.#beat(), LAG_EVERY_MS);
  }

  /** A send that was due at `intendedMs` is released at `nowMs`. */
  released(intendedMs: number, nowMs: number): void {
    const lagMs = nowMs - intendedMs;
    recordMs(this.sendLag, lagMs);
    this.#sendLagBuckets.recordMs(lagMs);
    this.#sends++;
    if (lagMs > this.#lateAfterMs) this.#lateSends++;
  }

  /** The measured phase begins: CPU time and sends count from here. */
  begin(): void {
    this.#cpuAtStart = cpuUsage();
    this.#beganMs = this.#clock.monotonicMs();
    this.#sends = 0;
    this.#lateSends = 0;
  }

  /** A send without a plan. */
  releasedNow(): void {
    this.#sends++;
  }

  /** All has left. A generator that only waits for the last answers is idle, which must not hide that it was not. */
  endSending(): void {
    this.#sendingCores = this.#cpuCores;
  }

  /** How it goes. */
  state(): GeneratorState {
    return {
      cpuCores: this.#cpuCores,
      lagSeconds: this.#lastLagMs / 1_000,
      rssBytes: Deno.memoryUsage().rss,
      lateSends: this.#lateSends,
      sendLag: this.#sendLagBuckets.toData(),
    };
  }

  get #cpuCores(): number {
    const used = cpuUsage(this.#cpuAtStart);
    const wallUs = Math.max(1, (this.#clock.monotonicMs() - this.#beganMs) * 1_000);
    return (used.user + used.system) / wallUs;
  }

  /** Ends the watch and says how it went. */
  stop(): GeneratorHealth {
    clearInterval(this.#timer);
    const used = cpuUsage(this.#cpuAtStart);
    return {
      processes: 1,
      cpuCores: this.#sendingCores ?? this.#cpuCores,
      cpuSeconds: (used.user + used.system) / 1_000_000,
      maxRssBytes: this.#maxRssBytes,
      lateSends: this.#lateSends,
      sends: this.#sends,
      lateAfterMs: this.#lateAfterMs,
      sendLag: encodeHistogram(this.sendLag),
      loopLag: encodeHistogram(this.#loopLag),
    };
  }

  #beat(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#lastLagMs = Math.max(0, nowMs - this.#lastBeatMs - LAG_EVERY_MS);
    recordMs(this.#loopLag, this.#lastLagMs);
    this.#lastBeatMs = nowMs;
    if (this.#beats++ % BEATS_PER_RSS === 0) {
      this.#maxRssBytes = Math.max(this.#maxRssBytes, Deno.memoryUsage().rss);
    }
  }
}

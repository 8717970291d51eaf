/** What happened to the measured messages, instance by instance: counts, both latencies, seconds, thirds. */
import { encodeHistogram, type HistogramText, newHistogram, recordMs } from "../truth/histogram.ts";
import { Recorder } from "../truth/recorder.ts";
import type { InstanceProgress } from "./engine.ts";
import type { SecondRow, TrafficInstance } from "./load_result.ts";
import { SecondsSeries } from "./seconds.ts";

interface InstanceCounts {
  connections: number;
  lostConnections: number;
  reconnects: number;
  tried: number;
  sent: number;
  answered: number;
  duplicate: number;
  unanswered: number;
  delivered: number;
  errors: number;
  bytesSent: number;
  bytesReceived: number;
  readonly latency: Recorder;
}

/** Keeps the accounts of one process. Only measured messages are told, warm-up is not. */
export class Accounts {
  readonly counts: readonly InstanceCounts[];
  readonly #names: readonly string[];
  readonly #firstThird = newHistogram();
  readonly #lastThird = newHistogram();
  #seconds: SecondsSeries;
  #fromMs = 0;
  #lengthMs = 1;
  #lastSendMs = 0;
  #lastAnswerMs = 0;

  constructor(instances: readonly string[]) {
    this.#names = instances;
    this.counts = instances.map(newCounts);
    this.#seconds = new SecondsSeries(instances, 0);
  }

  /** The measured phase begins at `fromMs` and is planned to take `lengthMs`. */
  begin(fromMs: number, lengthMs: number): void {
    this.#fromMs = fromMs;
    this.#lengthMs = Math.max(1, lengthMs);
    this.#seconds = new SecondsSeries(this.#names, fromMs);
  }

  get lastSendMs(): number {
    return this.#lastSendMs;
  }

  get lastAnswerMs(): number {
    return this.#lastAnswerMs;
  }

  sum(field: "tried" | "sent" | "answered" | "delivered" | "errors"): number {
    let total = 0;
    for (const counts of this.counts) total += counts[field];
    return total;
  }

  of(target: number): InstanceCounts {
    const counts = this.counts[target];
    if (counts === undefined) throw new RangeError(`No instance ${target}`);
    return counts;
  }

  sent(target: number, nowMs: number): void {
    this.of(target).sent++;
    this.#lastSendMs = nowMs;
    this.#seconds.sent(target, nowMs);
  }

  /** A message brought what it should; `isTimed` when this is what the pattern's latency is. */
  answered(target: number, dueMs: number, sentMs: number, nowMs: number, isTimed: boolean): void {
    const counts = this.of(target);
    counts.answered++;
    this.#lastAnswerMs = nowMs;
    if (isTimed) this.#time(target, counts, dueMs, sentMs, nowMs);
  }

  delivered(target: number, dueMs: number, sentMs: number, nowMs: number): void {
    const counts = this.of(target);
    counts.delivered++;
    this.#lastAnswerMs = nowMs;
    this.#time(target, counts, dueMs, sentMs, nowMs);
  }

  /** A message was given up at `nowMs`: it counts with the age it reached. */
  gaveUp(target: number, dueMs: number, nowMs: number): void {
    const counts = this.of(target);
    counts.unanswered++;
    counts.latency.unanswered(dueMs, nowMs);
  }

  failed(target: number, nowMs: number): void {
    this.of(target).errors++;
    this.#seconds.failed(target, nowMs);
  }

  rows(): readonly TrafficInstance[] {
    return this.counts.map((counts, at) => {
      const { latency, errors: _errors, reconnects: _reconnects, ...plain } = counts;
      return { instance: this.#names[at] ?? "?", ...plain, latency: latency.toData() };
    });
  }

  progress(): readonly InstanceProgress[] {
    return this.counts.map((counts, at) => ({
      instance: this.#names[at] ?? "?",
      connections: counts.connections - counts.lostConnections + counts.reconnects,
      sent: counts.sent,
      received: counts.answered + counts.delivered,
      bytesSent: counts.bytesSent,
      bytesReceived: counts.bytesReceived,
      errors: counts.errors,
      reconnects: counts.reconnects,
      ...this.#seconds.lastFull(at),
    }));
  }

  seconds(): readonly SecondRow[] {
    return this.#seconds.rows();
  }

  thirds(): { readonly firstThird: HistogramText; readonly lastThird: HistogramText } {
    return { firstThird: encodeHistogram(this.#firstThird), lastThird: encodeHistogram(this.#lastThird) };
  }

  #time(target: number, counts: InstanceCounts, dueMs: number, sentMs: number, nowMs: number): void {
    counts.latency.answered(dueMs, sentMs, nowMs);
    this.#seconds.received(target, nowMs, nowMs - dueMs);
    const third = 3 * (dueMs - this.#fromMs) / this.#lengthMs;
    if (third < 1) recordMs(this.#firstThird, nowMs - dueMs);
    else if (third >= 2) recordMs(this.#lastThird, nowMs - dueMs);
  }
}

function newCounts(): InstanceCounts {
  return {
    connections: 0,
    lostConnections: 0,
    reconnects: 0,
    tried: 0,
    sent: 0,
    answered: 0,
    duplicate: 0,
    unanswered: 0,
    delivered: 0,
    errors: 0,
    bytesSent: 0,
    bytesReceived: 0,
    latency: new Recorder(),
  };
}

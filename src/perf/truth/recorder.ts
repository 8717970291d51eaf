/** Latency twice: from the time a message should have left, and from the time it did leave. */
import { BucketCounts } from "./bucket_counts.ts";
import { encodeHistogram, type Histogram, type HistogramText, newHistogram, recordMs } from "./histogram.ts";

/** What a {@linkcode Recorder} saw, as plain data that can travel between processes and be merged. */
export interface RecorderData {
  /** From the intended time; unanswered messages are in it with the age they had reached. */
  readonly corrected: HistogramText;
  /** From the actual send; answered messages only. */
  readonly raw: HistogramText;
  /** How many of `corrected` never got an answer, so that their value is a lower bound. */
  readonly censored: number;
}

/** Records the latencies of one instance or one pair of instances. */
export class Recorder {
  readonly corrected: Histogram;
  readonly raw: Histogram;
  /** The same in coarse buckets, for live metrics. */
  readonly buckets = { corrected: new BucketCounts(), raw: new BucketCounts() };
  #censored = 0;

  /** `digits`: how many of a latency's are kept. */
  constructor(digits: 2 | 3 = 3) {
    this.corrected = newHistogram(digits);
    this.raw = newHistogram(digits);
  }

  /** An answer has come. All three on the same monotonic clock, milliseconds. */
  answered(intendedMs: number, sentMs: number, receivedMs: number): void {
    recordMs(this.corrected, receivedMs - intendedMs);
    recordMs(this.raw, receivedMs - sentMs);
    this.buckets.corrected.recordMs(receivedMs - intendedMs);
    this.buckets.raw.recordMs(receivedMs - sentMs);
  }

  /** No answer has come by `nowMs`. */
  unanswered(intendedMs: number, nowMs: number): void {
    recordMs(this.corrected, nowMs - intendedMs);
    this.buckets.corrected.recordMs(nowMs - intendedMs);
    this.#censored++;
  }

  /** All of it as plain data. */
  toData(): RecorderData {
    return {
      corrected: encodeHistogram(this.corrected),
      raw: encodeHistogram(this.raw),
      censored: this.#censored,
    };
  }
}

import type { ChannelOptions } from "./options.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** What one connection may still publish: a bucket for each set of options, filled at their rate up to one second's worth. */
export class PublishRates {
  readonly #buckets = new Map<ChannelOptions, Bucket>();

  /** Takes one publication; false when the second's worth is used up. Times on the monotonic clock. */
  take(options: ChannelOptions, nowMs: number): boolean {
    const rate = options.publishRate;
    const bucket = this.#buckets.get(options) ?? { tokens: rate, atMs: nowMs };
    this.#buckets.set(options, bucket);
    bucket.tokens = Math.min(rate, bucket.tokens + (nowMs - bucket.atMs) * rate / 1000);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

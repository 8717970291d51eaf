import { TokenBucket } from "../core/token_bucket.ts";
import type { ChannelOptions } from "./options.ts";

/** What one connection may still publish: a bucket for each set of options, filled at their rate up to one second's worth. */
export class PublishRates {
  readonly #buckets = new Map<ChannelOptions, TokenBucket>();

  /** Takes one publication; false when the second's worth is used up. Times on the monotonic clock. */
  take(options: ChannelOptions, nowMs: number): boolean {
    const rate = { perSec: options.publishRate, burst: options.publishRate };
    let bucket = this.#buckets.get(options);
    if (bucket === undefined) this.#buckets.set(options, bucket = new TokenBucket(rate, nowMs));
    return bucket.take(rate, nowMs);
  }
}

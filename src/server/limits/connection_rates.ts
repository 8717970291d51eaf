import { type BucketRate, TokenBucket } from "../../core/token_bucket.ts";

/** What one connection may send; 0 is no limit. */
export interface RateSettings {
  readonly commandsPerS: number;
  readonly bytesPerS: number;
  readonly maxMessageBytes: number;
}

/** What becomes of a command: it runs, it is answered 111, or its connection is closed. */
export type RateVerdict = "granted" | "refused" | "excessive";

/** What one connection may still send, by its clock of monotonic milliseconds. Only connections with limits have one. */
export class ConnectionRates {
  readonly #limits: RateLimits;
  readonly #commands: TokenBucket;
  /** Refusals have the same rate: whoever goes on at more than twice the rate does not listen to them. */
  readonly #refusals: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor(limits: RateLimits, nowMs: number) {
    this.#limits = limits;
    this.#commands = new TokenBucket(limits.commands, nowMs);
    this.#refusals = new TokenBucket(limits.commands, nowMs);
    this.#bytes = new TokenBucket(limits.bytes, nowMs);
  }

  /** Takes one command. */
  takeCommand(nowMs: number): RateVerdict {
    const { commands } = this.#limits;
    if (this.#commands.take(commands, nowMs)) return "granted";
    return this.#refusals.take(commands, nowMs) ? "refused" : "excessive";
  }

  /** Takes a message of so many bytes; false when the connection has sent too much. */
  takeBytes(count: number, nowMs: number): boolean {
    return this.#bytes.take(this.#limits.bytes, nowMs, count);
  }
}

/** The rates of every connection of a node. */
export interface RateLimits {
  readonly commands: BucketRate;
  readonly bytes: BucketRate;
}

const UNLIMITED: BucketRate = { perSec: 0, burst: Infinity };

/** The rates that settings ask for; undefined when they ask for none. One second's worth may come at once. */
export function rateLimitsOf(settings: RateSettings): RateLimits | undefined {
  const { commandsPerS, bytesPerS, maxMessageBytes } = settings;
  if (commandsPerS === 0 && bytesPerS === 0) return undefined;
  return {
    commands: commandsPerS === 0 ? UNLIMITED : { perSec: commandsPerS, burst: commandsPerS },
    // A message that may be sent at all must find room.
    bytes: bytesPerS === 0 ? UNLIMITED : { perSec: bytesPerS, burst: Math.max(bytesPerS, maxMessageBytes) },
  };
}

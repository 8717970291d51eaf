import type { Clock } from "../../core/clock.ts";
import { type BucketRate, TokenBucket } from "../../core/token_bucket.ts";
import type { Acceptor } from "../socket.ts";
import { AddressCounts } from "./address_counts.ts";
import type { LimitName } from "./limit_name.ts";

/** Limits that a client meets before its socket is opened. */
export type UpgradeLimit = Extract<LimitName, "connects_per_s" | "max_connections_per_address">;

/** What the limits are made of; 0 is no limit. */
export interface UpgradeLimitsOptions {
  readonly connectsPerS: number;
  readonly maxConnectionsPerAddress: number;
  readonly clock: Clock;
  /** Counts everyone who is turned away. */
  readonly traffic: { countLimit(limit: LimitName): void };
}

/** Who may open a socket on this node at this moment. */
export class UpgradeLimits {
  readonly #options: UpgradeLimitsOptions;
  readonly #addresses: AddressCounts;
  readonly #rate: BucketRate;
  readonly #connects: TokenBucket;

  constructor(options: UpgradeLimitsOptions) {
    const { connectsPerS, maxConnectionsPerAddress, clock } = options;
    this.#options = options;
    this.#addresses = new AddressCounts(maxConnectionsPerAddress);
    this.#rate = { perSec: connectsPerS, burst: connectsPerS };
    this.#connects = new TokenBucket(this.#rate, clock.monotonicMs());
  }

  /** The limit that keeps a client of `address` out; undefined: it may come, and counts as one of this second. */
  hitBy(address: string): UpgradeLimit | undefined {
    const limit = this.#addresses.isFull(address) ? "max_connections_per_address" : this.#takeConnect();
    if (limit !== undefined) this.#options.traffic.countLimit(limit);
    return limit;
  }

  /** The acceptor, with its sockets counted where that is needed. */
  guard(acceptor: Acceptor): Acceptor {
    return this.#addresses.guard(
      acceptor,
      () => this.#options.traffic.countLimit("max_connections_per_address"),
    );
  }

  #takeConnect(): UpgradeLimit | undefined {
    const { connectsPerS, clock } = this.#options;
    if (connectsPerS === 0 || this.#connects.take(this.#rate, clock.monotonicMs())) return undefined;
    return "connects_per_s";
  }
}

import type { Counters } from "../backend.ts";
import type { Controls } from "./controls.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asNumber } from "./reply.ts";

/** Counters in Redis, each in the partition of its key. */
export class RedisCounters implements Counters {
  readonly #controls: Controls;
  readonly #keys: RedisKeys;

  constructor(controls: Controls, keys: RedisKeys) {
    this.#controls = controls;
    this.#keys = keys;
  }

  create(key: string, ttlMs: number): Promise<void> {
    return this.#controls.at(this.#keys.placeOf(key), async (redis) => {
      await redis.set(this.#keys.count(key), "0", "PX", ttlMs);
    });
  }

  increment(key: string, ttlMs: number): Promise<number> {
    return this.#controls.at(
      this.#keys.placeOf(key),
      async (redis) => asNumber(await redis.shoalIncrement(this.#keys.count(key), ttlMs)),
    );
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    return this.#controls.at(
      this.#keys.placeOf(key),
      async (redis) => await redis.pexpire(this.#keys.count(key), ttlMs) === 1,
    );
  }
}

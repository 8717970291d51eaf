import type { Revocations } from "../backend.ts";
import type { Controls } from "./controls.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asList, asText } from "./reply.ts";

/** Users of one question. */
const BATCH = 1_000;

/** Revoked users in Redis: one sorted set for each workspace, beside the registry. */
export class RedisRevocations implements Revocations {
  readonly #controls: Controls;
  readonly #keys: RedisKeys;

  constructor(controls: Controls, keys: RedisKeys) {
    this.#controls = controls;
    this.#keys = keys;
  }

  revoke(workspace: string, user: string, forMs: number): Promise<void> {
    return this.#controls.inRegistry(async (redis) => {
      await redis.shoalRevoke(this.#keys.revoked(workspace), user, forMs);
    });
  }

  restore(workspace: string, user: string): Promise<void> {
    return this.#controls.inRegistry(async (redis) => {
      await redis.zrem(this.#keys.revoked(workspace), user);
    });
  }

  among(workspace: string, users: readonly string[]): Promise<readonly string[]> {
    const key = this.#keys.revoked(workspace);
    return this.#controls.inRegistry(async (redis) => {
      const found: string[] = [];
      for (let at = 0; at < users.length; at += BATCH) {
        const answer = await redis.shoalRevoked(key, ...users.slice(at, at + BATCH));
        found.push(...asList(answer).map(asText));
      }
      return found;
    });
  }
}

import type { BackendFactory } from "../backend.ts";
import { RedisBackend } from "./redis_backend.ts";
import { redisKeys } from "./redis_keys.ts";
import { parseRedisUrl } from "./redis_url.ts";

/** How a node reaches its Redis. */
export interface RedisBackendOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. */
  readonly url: string;
  /** Stands before every key and channel; no braces. Clusters with different prefixes can share a Redis. */
  readonly prefix: string;
  /** The same on all nodes of a cluster, for ever. */
  readonly partitions: number;
  /** A publish without an answer for longer fails, in milliseconds, at most a quarter of a second later. */
  readonly publishTimeoutMs: number;
  /** A subscribe rejects when Redis has not confirmed it after this many milliseconds. */
  readonly subscribeTimeoutMs: number;
  /** A registry or counter operation rejects after this many milliseconds. */
  readonly commandTimeoutMs: number;
}

/**
 * A backend over Redis 6.2 or later, for nodes on any number of machines. A Redis that cannot be reached is waited
 * for, at start and later. Throws `TypeError` on a URL or prefix it cannot use.
 */
export function redisBackend(options: RedisBackendOptions): BackendFactory {
  const address = parseRedisUrl(options.url);
  const keys = redisKeys(options.prefix, options.partitions);
  return (node, listener) => new RedisBackend({ ...options, address, keys, node }, listener);
}

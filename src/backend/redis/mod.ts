import type { BackendFactory } from "../backend.ts";
import { ControlTraffic } from "./control_traffic.ts";
import { LinkTraffic } from "./link_traffic.ts";
import { RedisBackend } from "./redis_backend.ts";
import { redisKeys } from "./redis_keys.ts";
import { type RedisTopology, resolveTopology } from "./topology.ts";

export type { RedisTopology } from "./topology.ts";

/** How a node reaches its Redis; the same on all nodes of a cluster. */
export interface RedisBackendOptions {
  readonly topology: RedisTopology;
  /** PEM of a certificate authority that is trusted beside the usual ones. */
  readonly ca?: string;
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
 * A backend over Redis 6.2 or later (7.0 for a Redis Cluster), for nodes on any number of machines. A Redis that cannot
 * be reached is waited for, at start and later. Throws `TypeError` on a URL or prefix it cannot use.
 */
export function redisBackend(options: RedisBackendOptions): BackendFactory {
  const { prefix, partitions, ca = "" } = options;
  const topology = resolveTopology(options.topology, partitions, ca);
  const keys = redisKeys(prefix, partitions);
  const { isSharded } = topology;
  return (node, listener) => {
    const traffic = { lines: new LinkTraffic(), controls: new ControlTraffic() };
    const settings = { ...options, keys, node, isSharded, traffic };
    const openRoute = topology.open.bind(undefined, settings);
    return new RedisBackend({ ...settings, openRoute }, listener);
  };
}

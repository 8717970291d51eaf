import type { BackendFactory } from "../backend/backend.ts";
import { hubBackend } from "../backend/hub/mod.ts";
import { memoryBackend } from "../backend/memory/mod.ts";
import { redisBackend, type RedisTopology } from "../backend/redis/mod.ts";
import type { Config } from "../config/mod.ts";

/** Where a supervisor serves the embedded hub. */
export interface HubLocation {
  readonly address: string;
  readonly secret: string;
}

/** A registry or counter operation that takes longer fails. */
const COMMAND_TIMEOUT_MS = 2_000;

/** The backend that a configuration asks for: Redis, else the supervisor's hub, else this process's memory. */
export function chooseBackend(config: Config, hub: HubLocation | undefined): BackendFactory {
  const topology = topologyOf(config);
  if (topology !== undefined) {
    return redisBackend({
      topology,
      ca: config.redisCa,
      prefix: config.redisPrefix,
      partitions: config.partitions,
      publishTimeoutMs: config.publishTimeoutMs,
      subscribeTimeoutMs: config.subscribeTimeoutMs,
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
    });
  }
  return hub === undefined ? memoryBackend() : hubBackend(hub);
}

/** What the options say of Redis; undefined when they name none. */
function topologyOf(config: Config): RedisTopology | undefined {
  const { redisUrl: url, redisSentinels: sentinels, redisSentinelMaster: master } = config;
  if (sentinels.length > 0) return { kind: "sentinel", sentinels, master, url };
  if (config.redisCluster.length > 0) return { kind: "cluster", urls: config.redisCluster };
  if (config.redisUrls.length > 0) return { kind: "shards", urls: config.redisUrls };
  return url === "" ? undefined : { kind: "one", url };
}

/** What follows from options: pure functions of values that are already judged. */

/** The part of a node's descriptors that connections may take; the rest is for Redis, logs and files. */
const CONNECTION_SHARE = 0.9;

/** By which of these a node knows its clients; all may be empty. */
export interface AccessKeys {
  readonly tokenHmacSecret: string;
  readonly tokenPublicKeys: string;
  readonly tokenJwksUrl: string;
  readonly hooksConnectUrl: string;
}

/** True when the node asks nobody who its clients are. It then serves this machine only, unless `insecure`. */
export function isOpenMode(config: AccessKeys): boolean {
  const { tokenHmacSecret, tokenPublicKeys, tokenJwksUrl, hooksConnectUrl } = config;
  return [tokenHmacSecret, tokenPublicKeys, tokenJwksUrl, hooksConnectUrl].every((each) => each === "");
}

/**
 * How many connections a node takes: the option, or 90 % of the descriptors it has. `learnedDescriptors` counts where
 * the option `descriptor_limit` is 0. Undefined when neither is known.
 */
export function connectionLimit(
  config: { readonly maxConnections: number; readonly descriptorLimit: number },
  learnedDescriptors?: number,
): number | undefined {
  if (config.maxConnections > 0) return config.maxConnections;
  const descriptors = config.descriptorLimit > 0 ? config.descriptorLimit : learnedDescriptors;
  return descriptors === undefined ? undefined : Math.floor(descriptors * CONNECTION_SHARE);
}

/** What the options say of Redis. */
export interface RedisOptions {
  readonly redisUrl: string;
  readonly redisUrls: readonly string[];
  readonly redisCluster: readonly string[];
  readonly redisSentinels: readonly string[];
}

/** The servers that are asked first, passwords included: Redis or sentinels; none where nodes do without. */
export function redisServers(config: RedisOptions): readonly string[] {
  const lists = [config.redisSentinels, config.redisCluster, config.redisUrls];
  const given = lists.find((list) => list.length > 0);
  return given ?? (config.redisUrl === "" ? [] : [config.redisUrl]);
}

import { ClusterRoute } from "./cluster_route.ts";
import { FixedRoute } from "./fixed_route.ts";
import { type Layout, layoutText } from "./layout.ts";
import { fixedLocator, type Locator } from "./locator.ts";
import { parseRedisUrl, type RedisAddress } from "./redis_url.ts";
import type { OpenRoute } from "./route.ts";
import { sentinelLocator } from "./sentinel.ts";
import { Shard, type ShardSettings, type ShardWatcher } from "./shard.ts";
import { shardRing } from "./shard_ring.ts";

const SENTINEL_PORT = 26_379;

/** How the Redis servers of a cluster stand to each other. */
export type RedisTopology =
  /** One server. */
  | { readonly kind: "one"; readonly url: string }
  /** One master, which sentinels name. Of `url` only login, database and TLS count; empty for none. */
  | {
    readonly kind: "sentinel";
    readonly sentinels: readonly string[];
    readonly master: string;
    readonly url: string;
  }
  /** A Redis Cluster, by the URLs of some of its servers; login and TLS of the first are those of all. */
  | { readonly kind: "cluster"; readonly urls: readonly string[] }
  /** Servers that know nothing of each other; partitions are spread over them. The order counts. */
  | { readonly kind: "shards"; readonly urls: readonly string[] };

/** A topology that was found sound, for any number of nodes. */
export interface ResolvedTopology {
  /** Sharded pub/sub, as a Redis Cluster needs it. */
  readonly isSharded: boolean;
  /** Opens one node's way to all servers. */
  open(settings: ShardSettings, watcher: ShardWatcher): OpenRoute;
}

/** Reads the URLs of a topology. Throws `TypeError` on one it cannot use, never with a password in its text. */
export function resolveTopology(
  topology: RedisTopology,
  partitions: number,
  ca: string,
): ResolvedTopology {
  switch (topology.kind) {
    case "one":
      return fixed([fixedLocator(parseRedisUrl(topology.url, { ca }))], partitions);
    case "sentinel":
      return fixed([locatorOf(topology, ca)], partitions);
    case "shards":
      return fixed(addresses(topology.urls, ca).map(fixedLocator), partitions);
    case "cluster":
      return clustered(addresses(topology.urls, ca), partitions);
    default:
      return topology satisfies never;
  }
}

function addresses(urls: readonly string[], ca: string): readonly RedisAddress[] {
  if (urls.length === 0) throw new TypeError("Cannot use an empty list of Redis URLs: want at least one");
  return urls.map((url) => parseRedisUrl(url, { ca }));
}

function locatorOf(
  { sentinels, master, url }: RedisTopology & { readonly kind: "sentinel" },
  ca: string,
): Locator {
  if (sentinels.length === 0) throw new TypeError("Cannot use an empty list of sentinels: want at least one");
  return sentinelLocator({
    sentinels: sentinels.map((each) => parseRedisUrl(each, { ca, usualPort: SENTINEL_PORT })),
    master,
    redis: parseRedisUrl(url === "" ? "redis://localhost" : url, { ca }),
  });
}

function fixed(locators: readonly Locator[], partitions: number): ResolvedTopology {
  const ring = shardRing(partitions, locators.length);
  const texts = locators.map(({ text }) => text);
  const layoutAt = (index: number): Layout =>
    texts.length === 1
      ? { kind: "one", partitions }
      : { kind: "shards", partitions, addresses: texts, index };
  return {
    isSharded: false,
    open: (settings, watcher) => (index) => {
      const shards = locators.map((locator, i) =>
        new Shard(locator, layoutText(layoutAt(i)), settings, watcher)
      );
      return new FixedRoute(shards, ring, index);
    },
  };
}

function clustered(seeds: readonly RedisAddress[], partitions: number): ResolvedTopology {
  const layout = layoutText({ kind: "cluster", partitions });
  return {
    isSharded: true,
    open: (settings, watcher) => (index, onChange) =>
      new ClusterRoute({
        seeds,
        partitions,
        node: settings.node,
        index,
        onChange,
        openShard: (address) => new Shard(fixedLocator(address), layout, settings, watcher),
      }),
  };
}

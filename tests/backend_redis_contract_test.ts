import { redisBackend, type RedisTopology } from "../src/backend/redis/mod.ts";
import { newNodeId } from "../src/core/ids.ts";
import { backendContract, RecordingListener, type TestCluster } from "../src/testing/backend_contract.ts";
import { RedisCluster } from "../src/testing/redis_cluster.ts";
import { RedisSentinel } from "../src/testing/redis_sentinel.ts";
import { RedisServer } from "../src/testing/redis_server.ts";

/** The servers of one topology, for all tests of its contract: each test has a prefix of its own there. */
interface Ground extends AsyncDisposable {
  readonly topology: RedisTopology;
}

const grounds: readonly { readonly name: string; open(): Promise<Ground> }[] = [
  { name: "redisBackend()", open: openOne },
  { name: "redisBackend() on a Cluster", open: openCluster },
  { name: "redisBackend() behind sentinels", open: openSentinel },
  { name: "redisBackend() on two shards", open: openShards },
];

async function openOne(): Promise<Ground> {
  const server = await RedisServer.open();
  return {
    topology: { kind: "one", url: server.url },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openCluster(): Promise<Ground> {
  const cluster = await RedisCluster.open();
  return {
    topology: { kind: "cluster", urls: cluster.urls.slice(0, 1) },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

async function openSentinel(): Promise<Ground> {
  const group = await RedisSentinel.open();
  return {
    topology: { kind: "sentinel", sentinels: group.sentinelUrls, master: group.name, url: "" },
    [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
  };
}

async function openShards(): Promise<Ground> {
  const servers = [await RedisServer.open(), await RedisServer.open()];
  return {
    topology: { kind: "shards", urls: servers.map(({ url }) => url) },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

/** Nodes of one prefix. */
function openNodes(topology: RedisTopology, prefix: string): TestCluster {
  const opened: { close(): Promise<void> }[] = [];
  const factory = redisBackend({
    topology,
    prefix,
    partitions: 64,
    publishTimeoutMs: 2_000,
    subscribeTimeoutMs: 5_000,
    commandTimeoutMs: 2_000,
  });
  return {
    async node(id = newNodeId()) {
      const listener = new RecordingListener();
      const backend = factory(id, listener);
      opened.push(backend);
      await listener.until("ready", () => backend.state === "ready");
      return { backend, listener };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}

const started = new Map<string, Ground>();
let clusters = 0;

Deno.test.beforeAll(async () => {
  for (const { name, open } of grounds) started.set(name, await open());
});

Deno.test.afterAll(async () => {
  for (const ground of started.values()) await ground[Symbol.asyncDispose]();
});

for (const { name } of grounds) {
  backendContract(name, () => {
    const ground = started.get(name);
    if (ground === undefined) throw new Error(`Cannot test ${name}: its servers did not start`);
    return Promise.resolve(openNodes(ground.topology, `shoal${++clusters}:`));
  });
}

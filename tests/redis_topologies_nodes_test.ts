/** Nodes as processes over each topology, by its options, and what `/health/ready` says in trouble. */
import assert from "node:assert/strict";
import { NodeProcess, until } from "../src/testing/processes.ts";
import { RedisCluster } from "../src/testing/redis_cluster.ts";
import { RedisSentinel } from "../src/testing/redis_sentinel.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

interface Ready {
  readonly ready: boolean;
  readonly cause?: string;
}

/** A client of one node hears what a client of the other publishes, on enough channels to meet every server. */
async function talk(one: NodeProcess, two: NodeProcess, word: string): Promise<void> {
  using alice = await SdkClient.open(one.ws);
  using bob = await SdkClient.open(two.ws);
  for (let i = 0; i < 12; i++) {
    const heard = await alice.subscribe(`${word} ${i}`);
    await bob.centrifuge.publish(`${word} ${i}`, word);
    await heard.received((data) => data === word);
  }
}

Deno.test("nodes work on a Cluster named in the environment", async () => {
  await using cluster = await RedisCluster.open();
  const env = { SHOAL_REDIS_CLUSTER: cluster.urls.join(",") };
  const [first, second] = await Promise.all([NodeProcess.start({ env }), NodeProcess.start({ env })]);
  await using one = first;
  await using two = second;
  await talk(one, two, "cluster");
  assert.deepEqual([...one.faults, ...two.faults], []);
});

Deno.test("nodes behind sentinels serve again after a failover, and name a master without memory", async () => {
  await using group = await RedisSentinel.open({ sentinels: 3 });
  const set = { redis_sentinels: group.sentinelUrls.join(","), redis_sentinel_master: group.name };
  const [first, second] = await Promise.all([NodeProcess.start({ set }), NodeProcess.start({ set })]);
  await using one = first;
  await using two = second;
  await talk(one, two, "before");
  await group.servers[0].stop("SIGKILL");
  await until("it is not ready", async () => (await one.json("/health/ready")).status === 503, 5_000);
  await Promise.all([one.ready(15_000), two.ready(15_000)]);
  await talk(one, two, "after");
  await group.servers[1].command("CONFIG", "SET", "maxmemory", "1");
  await until("it says why", async () => {
    const { body } = await one.json<Ready>("/health/ready");
    return /takes no writes: OOM/.test(body.cause ?? "");
  }, 5_000);
  await group.servers[1].command("CONFIG", "SET", "maxmemory", "0");
  await one.ready(5_000);
});

Deno.test("nodes on two shards work, and one with another list does not become ready", async () => {
  await using left = await RedisServer.open();
  await using right = await RedisServer.open();
  const env = { SHOAL_REDIS_URLS: `${left.url},${right.url}` };
  const [first, second] = await Promise.all([NodeProcess.start({ env }), NodeProcess.start({ env })]);
  await using one = first;
  await using two = second;
  await talk(one, two, "shards");
  await using wrong = NodeProcess.launch({ env: { SHOAL_REDIS_URLS: `${right.url},${left.url}` } });
  await wrong.process.matches(/Waiting for the backend.*give every node the same settings/g);
  const { status, body } = await wrong.json<Ready>("/health/ready");
  assert.equal(status, 503);
  assert.match(body.cause ?? "", /partitions on the list \w{8} of servers, of which this is/);
});

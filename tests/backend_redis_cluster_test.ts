import assert from "node:assert/strict";
import type { RedisTopology } from "../src/backend/redis/mod.ts";
import { RedisCluster } from "../src/testing/redis_cluster.ts";
import {
  allWork,
  beat,
  CHANNELS,
  lost,
  open,
  type Opened,
  openReady,
  PARTITIONS,
  Publisher,
  ready,
  stored,
  subscribeAll,
  troubled,
} from "./redis_kit.ts";
import { pause, until } from "../src/testing/waiting.ts";

Deno.test("redisBackend() on a Cluster goes on, and loses nothing acknowledged to a channel that stayed, when a slot moves", async () => {
  await using cluster = await RedisCluster.open();
  const topology: RedisTopology = { kind: "cluster", urls: cluster.urls.slice(2) };
  await using a = await openReady(topology);
  await using b = await openReady(topology);
  await subscribeAll(b);
  await Promise.all([beat(a), beat(b)]);
  await allWork(a, b, "before");
  const { generation } = await beat(a);
  const tag = "p7";
  const slot = await slotOf(cluster, tag);
  const source = await cluster.ownerOf(slot);
  const target = cluster.masters.find((server) => server !== source);
  assert.ok(target);
  const publisher = new Publisher(a);
  await pause(50);
  await cluster.moveSlot(slot, target);
  const startMs = performance.now();
  await b.listener.until("the move", () => b.listener.states.includes("lost"), 3_000);
  await Promise.all([ready(a), ready(b)]);
  const tookMs = performance.now() - startMs;
  await pause(50);
  await publisher.stop();
  assert.ok(tookMs < 2_000, `took ${tookMs} ms`);
  await allWork(a, b, "after");
  const moved = await channelsOf(cluster, tag);
  const got = new Set(b.listener.messages.map(({ message }) => message));
  const missing = publisher.acknowledged.filter((message) => !got.has(message));
  for (const message of missing) assert.ok(moved.includes(CHANNELS[Number(message) % 100] ?? ""), message);
  assert.ok(
    publisher.failed.length < publisher.acknowledged.length / 10,
    `${publisher.failed.length} failed`,
  );
  assert.notEqual((await beat(a)).generation, generation, "a judge would not have paused");
});

/** A server that has just become a master publishes, but says CLUSTERDOWN to all else for a second. */
function historiesWork(node: Opened): Promise<void> {
  const attempt = () => Promise.all(CHANNELS.map((channel) => stored(node, channel, "try")));
  return soon("histories work", () => attempt().then(() => true, () => false));
}

/** Waits for what a Cluster comes to by itself. */
async function soon(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await until(what, isSo, 15_000);
}

/** The slot of a tag, as Redis says. */
async function slotOf(cluster: RedisCluster, tag: string): Promise<number> {
  const [first] = cluster.masters;
  return Number((await first?.command("CLUSTER", "KEYSLOT", `{${tag}}`))?.slice(1));
}

/** Those of our rooms whose histories Redis has under `tag`. */
async function channelsOf(cluster: RedisCluster, tag: string): Promise<readonly string[]> {
  const owner = await cluster.ownerOf(await slotOf(cluster, tag));
  const keys = await owner.command("KEYS", `shoal:{${tag}}meta:*`);
  return [...keys.matchAll(/meta:(room \d+)/g)].map(([, channel = ""]) => channel);
}

Deno.test("redisBackend() on a Cluster waits for a slot that is half moved, then answers", async () => {
  await using cluster = await RedisCluster.open();
  const topology: RedisTopology = { kind: "cluster", urls: cluster.urls };
  await using a = await openReady(topology);
  const { counters } = a.backend;
  const slot = await slotOf(cluster, "p7");
  const key = Array.from({ length: 1_000 }, (_, i) => `k${i}`).find((each) => partition(each) === 7) ?? "";
  const source = await cluster.ownerOf(slot);
  const target = cluster.masters.find((server) => server !== source);
  assert.ok(target);
  let answer: Promise<number> | undefined;
  await cluster.moveSlot(slot, target, async () => {
    answer = counters.increment(key, 60_000);
    answer.catch(() => {});
    await pause(300);
  });
  assert.equal(await answer, 1);
  assert.equal(await counters.increment(key, 60_000), 2);
});

/** The partition of a name, FNV-1a as the layout says. */
function partition(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}

Deno.test("redisBackend() on a Cluster follows a replica that takes over for its killed master", async () => {
  await using cluster = await RedisCluster.open({ replicas: 3 });
  const topology: RedisTopology = { kind: "cluster", urls: cluster.urls.slice(0, 2) };
  await using a = await openReady(topology);
  await using b = await openReady(topology);
  await subscribeAll(b);
  await allWork(a, b, "before");
  const epochs = await Promise.all(CHANNELS.map(async (channel) => (await stored(a, channel, "x")).epoch));
  await cluster.masters[1]?.stop("SIGKILL");
  await Promise.all([lost(a), lost(b)]);
  assert.match(a.backend.trouble ?? "", /^Redis (Cluster )?at 127\.0\.0\.1:\d+.*; trying again$/);
  const startMs = performance.now();
  await Promise.all([ready(a), ready(b)]);
  const tookMs = performance.now() - startMs;
  await historiesWork(a);
  await allWork(a, b, "after");
  assert.ok(tookMs < 8_000, `took ${tookMs} ms`);
  const later = await Promise.all(CHANNELS.map(async (channel) => (await stored(a, channel, "y")).epoch));
  const changed = later.filter((epoch, i) => epoch !== epochs[i]).length;
  assert.ok(changed > 10 && changed < 60, `${changed} epochs are new`);
  // The old master comes back as a replica, and then takes over while the other lives.
  const [, second] = cluster.masters;
  await second?.start();
  await soon("the old master follows", async () => {
    return (await second?.command("INFO", "replication") ?? "").includes("master_link_status:up");
  });
  assert.equal(a.backend.state, "ready");
  assert.match(await second?.command("CLUSTER", "FAILOVER", "TAKEOVER") ?? "", /^\+OK/);
  await soon("the other follows", async () => {
    const replica = cluster.replicas[1];
    return (await replica?.command("INFO", "replication") ?? "").includes("role:slave");
  });
  // Who is not told by a revoked subscription finds out with the next beat, which writes at every master.
  for (const node of [a, b]) {
    await soon("a beat", () => beat(node).then(() => true, () => false));
    await node.listener.until("the move", () => node.listener.states.length >= 5, 3_000);
    assert.deepEqual(node.listener.states, ["ready", "lost", "ready", "lost", "ready"]);
  }
  await historiesWork(a);
  await allWork(a, b, "back again");
});

Deno.test("redisBackend() on a Cluster leaves a master that hangs for its replica, and stays there when it wakes", async () => {
  await using cluster = await RedisCluster.open({ replicas: 3 });
  await using a = await openReady({ kind: "cluster", urls: cluster.urls });
  await subscribeAll(a);
  const [, second] = cluster.masters;
  second?.pause();
  try {
    await lost(a);
    await ready(a);
    await historiesWork(a);
    await allWork(a, a, "without it");
  } finally {
    second?.resume();
  }
  await soon("it has become a replica", async () => {
    return (await second?.command("INFO", "replication") ?? "").includes("role:slave");
  });
  await historiesWork(a);
  await allWork(a, a, "with it again");
});

Deno.test("redisBackend() with one URL of a Cluster says that it is one", async () => {
  await using cluster = await RedisCluster.open();
  await using node = open({ kind: "one", url: cluster.urls[0] ?? "" });
  await troubled(node, /belongs to a Redis Cluster; set redis_cluster/);
  assert.equal(node.backend.state, "connecting");
});

import assert from "node:assert/strict";
import type { Backend, StreamPosition } from "../src/backend/backend.ts";
import { redisBackend, type RedisBackendCommon, type RedisTopology } from "../src/backend/redis/mod.ts";
import { ClientError } from "../src/core/errors.ts";
import { newNodeId, type NodeId } from "../src/core/ids.ts";
import { decodePositioned } from "../src/protocol/envelope.ts";
import { RecordingListener } from "../src/testing/backend_contract.ts";
import { eventually, RedisCluster } from "../src/testing/redis_cluster.ts";
import { RedisSentinel } from "../src/testing/redis_sentinel.ts";
import { RedisServer } from "../src/testing/redis_server.ts";

const PARTITIONS = 64;
const CHANNELS = Array.from({ length: 100 }, (_, i) => `room ${i}`);

interface Opened extends AsyncDisposable {
  readonly id: NodeId;
  readonly backend: Backend;
  readonly listener: RecordingListener;
}

function open(topology: RedisTopology, change: Partial<RedisBackendCommon> = {}): Opened {
  const factory = redisBackend({
    topology,
    prefix: "shoal:",
    partitions: PARTITIONS,
    publishTimeoutMs: 1_000,
    subscribeTimeoutMs: 3_000,
    commandTimeoutMs: 1_000,
    ...change,
  });
  const id = newNodeId();
  const listener = new RecordingListener();
  const backend = factory(id, listener);
  return { id, backend, listener, [Symbol.asyncDispose]: () => backend.close() };
}

async function openReady(topology: RedisTopology, change: Partial<RedisBackendCommon> = {}): Promise<Opened> {
  const node = open(topology, change);
  await ready(node);
  return node;
}

async function ready({ backend, listener }: Opened, withinMs = 8_000): Promise<void> {
  await listener.until("ready", () => backend.state === "ready", withinMs).catch((error) => {
    throw new Error(backend.trouble, { cause: error });
  });
}

function lost({ backend, listener }: Opened): Promise<void> {
  return listener.until("lost", () => backend.state === "lost", 5_000);
}

function published({ backend }: Opened, channel: string, message: string): Promise<void> {
  return new Promise((resolve, reject) =>
    backend.bus.publish(channel, message, (error) => error ? reject(error) : resolve())
  );
}

function stored({ backend }: Opened, channel: string, message: string): Promise<StreamPosition> {
  return new Promise((resolve, reject) =>
    backend.history.publish(channel, message, { size: 100, ttlMs: 60_000 }, (error, position) => {
      if (position) resolve(position);
      else reject(error);
    })
  );
}

function beat({ backend, id }: Opened) {
  const stats = {
    connections: 0,
    channels: 0,
    messagesInPerSec: 0,
    messagesOutPerSec: 0,
    lagMs: 0,
    rssBytes: 0,
    cpuPercent: 0,
  };
  const record = { node: id, address: "a:1", version: "0", pid: 1, startedMs: 1, isDraining: false, stats };
  return backend.registry.beat(record, 60_000);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function isTemporary(thrown: unknown): true {
  assert.ok(thrown instanceof ClientError, String(thrown));
  assert.equal(thrown.code, 100);
  return true;
}

/** Subscribes to all rooms. */
async function subscribeAll({ backend }: Opened): Promise<void> {
  await Promise.all(CHANNELS.map((channel) => backend.bus.subscribe(channel)));
}

/** Checks that every room works from `from` to `to`, histories included. */
async function allWork(from: Opened, to: Opened, text: string): Promise<void> {
  assert.deepEqual(to.backend.bus.subscriptions(), { desired: 100, confirmed: 100 });
  await Promise.all(CHANNELS.map((channel) => published(from, channel, text)));
  await Promise.all(CHANNELS.map((channel) => stored(from, channel, text)));
  const isWhole = (channel: string) => {
    const texts = to.listener.on(channel);
    return texts.includes(text) && texts.some((each) => decodePositioned(each)?.message === text);
  };
  await to.listener.until(text, () => CHANNELS.every(isWhole));
  await from.backend.bus.sendToNode(to.id, `${text} to you`);
  await to.listener.until("the direct one", () => to.listener.nodeMessages.includes(`${text} to you`));
}

/** Publishes to all rooms in turn until stopped; counts what was acknowledged and what failed. */
class Publisher {
  readonly acknowledged: string[] = [];
  readonly failed: Error[] = [];
  readonly #node: Opened;
  readonly #timer: ReturnType<typeof setInterval>;
  #count = 0;

  constructor(node: Opened) {
    this.#node = node;
    this.#timer = setInterval(() => {
      for (let i = 0; i < 10; i++) this.#publish();
    }, 5);
  }

  /** Ends it, and waits until each publish is answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const endMs = performance.now() + 4_000;
    while (this.#answered < this.#count && performance.now() < endMs) await pause(5);
    assert.equal(this.#answered, this.#count, "a publish was not answered once");
    for (const error of this.failed) isTemporary(error);
  }

  get #answered(): number {
    return this.acknowledged.length + this.failed.length;
  }

  #publish(): void {
    const message = String(this.#count++);
    const channel = CHANNELS[Number(message) % CHANNELS.length] ?? "";
    this.#node.backend.bus.publish(channel, message, (error) => {
      if (error) this.failed.push(error);
      else this.acknowledged.push(message);
    });
  }
}

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
  await allWork(a, b, "after");
  assert.ok(tookMs < 8_000, `took ${tookMs} ms`);
  const later = await Promise.all(CHANNELS.map(async (channel) => (await stored(a, channel, "y")).epoch));
  const changed = later.filter((epoch, i) => epoch !== epochs[i]).length;
  assert.ok(changed > 10 && changed < 60, `${changed} epochs are new`);
  // The old master comes back as a replica, and then takes over while the other lives.
  const [, second] = cluster.masters;
  await second?.start();
  await eventually("the old master follows", async () => {
    return (await second?.command("INFO", "replication") ?? "").includes("master_link_status:up");
  });
  assert.equal(a.backend.state, "ready");
  assert.match(await second?.command("CLUSTER", "FAILOVER", "TAKEOVER") ?? "", /^\+OK/);
  await eventually("the other follows", async () => {
    const replica = cluster.replicas[1];
    return (await replica?.command("INFO", "replication") ?? "").includes("role:slave");
  });
  // Who is not told by a revoked subscription finds out with the next beat, which writes at every master.
  for (const node of [a, b]) {
    // A server that has just become a master says CLUSTERDOWN for a second.
    await eventually("a beat", () => beat(node).then(() => true, () => false));
    await node.listener.until("the move", () => node.listener.states.length >= 5, 3_000);
    assert.deepEqual(node.listener.states, ["ready", "lost", "ready", "lost", "ready"]);
  }
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
    await allWork(a, a, "without it");
  } finally {
    second?.resume();
  }
  await eventually("it has become a replica", async () => {
    return (await second?.command("INFO", "replication") ?? "").includes("role:slave");
  });
  await allWork(a, a, "with it again");
});

Deno.test("redisBackend() behind sentinels goes on at the promoted replica, which was behind, under new epochs", async () => {
  await using group = await RedisSentinel.open({ sentinels: 3, sentinelPassword: "watch" });
  const sentinels = group.sentinelUrls.map((url) => url.replace("redis://", "redis://:watch@"));
  const topology: RedisTopology = { kind: "sentinel", sentinels, master: group.name, url: "" };
  await using a = await openReady(topology);
  await using b = await openReady(topology);
  await subscribeAll(b);
  await allWork(a, b, "before");
  const [master, replica] = group.servers;
  const shared = await stored(a, "room 1", "both have it");
  assert.match(await master.command("WAIT", "1", "1000"), /^:1/);
  // What it writes now the replica does not get.
  replica.pause();
  assert.match(await master.command("CLIENT", "KILL", "TYPE", "replica"), /^:1/);
  const before = await stored(a, "room 1", "the master alone has it");
  await master.stop("SIGKILL");
  replica.resume();
  await Promise.all([lost(a), lost(b)]);
  const startMs = performance.now();
  await Promise.all([ready(a, 12_000), ready(b, 12_000)]);
  const tookMs = performance.now() - startMs;
  assert.deepEqual(before, { epoch: shared.epoch, offset: shared.offset + 1 });
  const page = await b.backend.history.read("room 1", { limit: -1, since: before });
  assert.notEqual(page.position.epoch, before.epoch);
  assert.deepEqual(page.messages, []);
  await allWork(a, b, "after");
  assert.ok(tookMs < 10_000, `took ${tookMs} ms`);
});

Deno.test("redisBackend() behind sentinels leaves a master that was demoted", async () => {
  await using group = await RedisSentinel.open({ sentinels: 1 });
  const topology: RedisTopology = {
    kind: "sentinel",
    sentinels: group.sentinelUrls,
    master: group.name,
    url: "",
  };
  await using a = await openReady(topology);
  await subscribeAll(a);
  const sentinel = group.sentinels[0];
  assert.match(await sentinel?.command("SENTINEL", "FAILOVER", group.name) ?? "", /^\+OK/);
  await lost(a);
  await ready(a, 12_000);
  await allWork(a, a, "after");
  assert.match(await group.servers[1].command("INFO", "replication"), /role:master/);
});

Deno.test("redisBackend() behind sentinels says which sentinels do not know the master", async () => {
  await using group = await RedisSentinel.open();
  const sentinels = ["redis://127.0.0.1:1", ...group.sentinelUrls];
  await using wrong = open({ kind: "sentinel", sentinels, master: "other", url: "" });
  await pause(300);
  assert.equal(wrong.backend.state, "connecting");
  assert.match(
    wrong.backend.trouble ?? "",
    /no sentinel knows the master "other" .*:1: .*refused.*no master of that name/i,
  );
  await using right = await openReady({ kind: "sentinel", sentinels, master: group.name, url: "" });
  assert.equal(right.backend.state, "ready");
});

Deno.test("redisBackend() on shards goes on with the others while one is away, and with all when it is back", async () => {
  await using first = await RedisServer.open();
  await using second = await RedisServer.open();
  const topology: RedisTopology = { kind: "shards", urls: [first.url, second.url] };
  await using a = await openReady(topology);
  await using b = await openReady(topology);
  await subscribeAll(b);
  await allWork(a, b, "before");
  for (const [server, name] of [[second, "second"], [first, "first"]] as const) {
    await server.stop("SIGKILL");
    await Promise.all([lost(a), lost(b)]);
    assert.match(a.backend.trouble ?? "", new RegExp(`^Redis at 127.0.0.1:${server.port}: `), name);
    const outcomes = await Promise.allSettled(
      CHANNELS.map((channel) => published(a, channel, `without ${name}`)),
    );
    const works = CHANNELS.filter((_, i) => outcomes[i]?.status === "fulfilled");
    assert.ok(works.length > 20 && works.length < 80, `${works.length} of 100 rooms work`);
    await b.listener.until(
      name,
      () => works.every((room) => b.listener.on(room).includes(`without ${name}`)),
    );
    await Promise.all(
      works.map((room) => b.backend.presence.add(room, { client: `${b.id}.1.abc`, info: "{}" }, false)),
    );
    for (const room of works) assert.equal((await a.backend.presence.members(room)).length, 1);
    if (server === first) await assert.rejects(beat(a), isTemporary);
    else assert.equal((await beat(a)).standing, "member");
    await server.start();
    await Promise.all([ready(a), ready(b)]);
    await allWork(a, b, `with ${name} again`);
  }
});

Deno.test("redisBackend() on shards never gets ready with another list, and says why", async () => {
  await using first = await RedisServer.open();
  await using second = await RedisServer.open();
  await using third = await RedisServer.open();
  const shards = (...servers: RedisServer[]): RedisTopology => ({
    kind: "shards",
    urls: servers.map(({ url }) => url),
  });
  await using right = await openReady(shards(first, second));
  for (const wrong of [shards(second, first), shards(first, third), shards(first, second, third)]) {
    await using node = open(wrong);
    await pause(200);
    assert.equal(node.backend.state, "connecting");
    assert.match(
      node.backend.trouble ?? "",
      /cluster has 64 partitions on the list \w{8} of servers.*this node.*same settings/,
    );
    await assert.rejects(published(node, "room", "x"), isTemporary);
  }
  await using alone = open({ kind: "one", url: first.url });
  await pause(200);
  assert.match(alone.backend.trouble ?? "", /on the list .* and this node 64 partitions/);
  assert.equal(right.backend.state, "ready");
});

Deno.test("redisBackend() with one URL of a Cluster says that it is one", async () => {
  await using cluster = await RedisCluster.open();
  await using node = open({ kind: "one", url: cluster.urls[0] ?? "" });
  await pause(300);
  assert.equal(node.backend.state, "connecting");
  assert.match(node.backend.trouble ?? "", /belongs to a Redis Cluster; set redis_cluster/);
});

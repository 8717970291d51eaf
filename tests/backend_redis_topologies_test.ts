import assert from "node:assert/strict";
import type { RedisTopology } from "../src/backend/redis/mod.ts";
import { RedisSentinel } from "../src/testing/redis_sentinel.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import {
  allWork,
  beat,
  CHANNELS,
  isTemporary,
  lost,
  open,
  openReady,
  published,
  ready,
  stored,
  subscribeAll,
  troubled,
} from "./redis_kit.ts";

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
  await troubled(wrong, /no sentinel knows the master "other" .*:1: .*refused.*no master of that name/i);
  assert.equal(wrong.backend.state, "connecting");
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
    await troubled(node, /cluster has 64 partitions on the list \w{8} of servers.*this node.*same settings/);
    assert.equal(node.backend.state, "connecting");
    await assert.rejects(published(node, "room", "x"), isTemporary);
  }
  await using alone = open({ kind: "one", url: first.url });
  await troubled(alone, /on the list .* and this node 64 partitions/);
  assert.equal(right.backend.state, "ready");
});

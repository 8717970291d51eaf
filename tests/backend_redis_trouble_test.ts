import assert from "node:assert/strict";
import type { RedisTopology } from "../src/backend/redis/mod.ts";
import { RedisCluster } from "../src/testing/redis_cluster.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { beat, isTemporary, open, type Opened, published, ready, stored, troubled } from "./redis_kit.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";
import { pause } from "../src/testing/waiting.ts";

/** What docs/redis.md tells operators to allow; the tests hold it to be enough. */
const ACL_RULES =
  "on >p@ss/word ~app:* &app:* -@all +@read +@write +@pubsub +@connection +@scripting -@dangerous " +
  "+info +time +cluster|info +cluster|slots";

/** A prefix of its own, as the rules say. */
const APP = { prefix: "app:" };

function one(server: RedisServer): RedisTopology {
  return { kind: "one", url: server.url };
}

/** Uses all that a node uses, so that a missing permission shows. */
async function useAll(node: Opened): Promise<void> {
  const { bus, registry, counters, history, presence } = node.backend;
  const client = `${node.id}.1.abcdef`;
  for (const room of ["a", "b", "c", "d"]) {
    await bus.subscribe(room);
    await published(node, room, "1");
    await stored(node, room, "2");
    assert.equal((await history.read(room, { limit: -1 })).messages.length, 1);
    assert.equal(await presence.add(room, { client, info: "{}" }, true), true);
    assert.equal((await presence.members(room)).length, 1);
    assert.equal(await presence.remove(room, client), true);
    await history.remove(room);
    assert.equal(await counters.increment(room, 1_000), 1);
    await counters.create(room, 1_000);
    assert.equal(await counters.touch(room, 1_000), true);
    await node.listener.until("all of a room", () => node.listener.on(room).length === 4);
    bus.unsubscribe(room);
  }
  await bus.sendToNode(node.id, "x");
  await bus.sendToAll("y");
  await node.listener.until("own messages", () => node.listener.nodeMessages.length >= 2);
  assert.equal((await beat(node)).standing, "member");
  const record = { client, workspace: "w", user: "u", name: "n", connectedMs: 1 };
  assert.equal(await registry.putClients([record]), true);
  assert.equal((await registry.clientsOf(node.id)).length, 1);
  await registry.dropClients([client]);
  assert.equal((await registry.nodes()).length, 1);
}

/** A dead node to bury and clean, beside `judge`. */
async function buryOther(judge: Opened, topology: RedisTopology): Promise<void> {
  const dead = open(topology, APP);
  await ready(dead);
  await beat(dead);
  await dead.backend.presence.add("a", { client: `${dead.id}.1.abcdef`, info: "{}" }, false);
  await dead.backend.close();
  await pause(5);
  const { suspects } = await beat(judge, 1);
  const suspect = suspects.find(({ node }) => node === dead.id);
  assert.equal(suspect?.hasListener, false);
  const { registry } = judge.backend;
  assert.equal(await registry.bury(dead.id, suspect?.beatMs ?? 0, 10_000), true);
  while (!await registry.clean(dead.id));
  await registry.leave();
}

Deno.test("redisBackend() needs no more than the permissions in docs/redis.md, with a prefix of its own", async () => {
  const page = await Deno.readTextFile(new URL("../docs/redis.md", import.meta.url));
  assert.ok(
    page.includes(ACL_RULES.slice(ACL_RULES.indexOf("~")).replaceAll("app:", "shoal:")),
    "docs/redis.md names other rules",
  );
  await using server = await RedisServer.open({ words: ["--user", "app", ...ACL_RULES.split(" ")] });
  const url = `redis://app:${encodeURIComponent("p@ss/word")}@127.0.0.1:${server.port}`;
  await using node = open({ kind: "one", url }, APP);
  await ready(node);
  await useAll(node);
  await buryOther(node, { kind: "one", url });
  assert.doesNotMatch(await server.command("KEYS", "*"), /^(?!app:)[a-z]+:/m);
  assert.doesNotMatch(await server.command("ACL", "LOG"), /reason/);
});

Deno.test("redisBackend() on a Cluster needs no more than the permissions in docs/redis.md", async () => {
  await using cluster = await RedisCluster.open({ words: ["--user", "app", ...ACL_RULES.split(" ")] });
  const login = `app:${encodeURIComponent("p@ss/word")}@`;
  const topology: RedisTopology = {
    kind: "cluster",
    urls: cluster.urls.map((url) => url.replace("redis://", `redis://${login}`)),
  };
  await using node = open(topology, APP);
  await ready(node);
  await useAll(node);
  await buryOther(node, topology);
  for (const server of cluster.masters) assert.doesNotMatch(await server.command("ACL", "LOG"), /reason/);
});

Deno.test("redisBackend() over TLS trusts the authority it is given, and no other", async () => {
  const directory = await Deno.makeTempDir({ prefix: "shoal-tls-" });
  try {
    await makeCertificates(directory);
    const port = unusedPort();
    const tls = ["--tls-port", String(port), "--tls-auth-clients", "no"];
    const files = ["cert-file", "server.crt", "key-file", "server.key", "ca-cert-file", "ca.crt"];
    const words = files.map((word, i) => i % 2 ? `${directory}/${word}` : `--tls-${word}`);
    await using server = await RedisServer.open({ words: [...tls, ...words] });
    assert.ok(server.port !== port);
    const ca = await Deno.readTextFile(`${directory}/ca.crt`);
    for (const host of ["localhost", "127.0.0.1"]) {
      const topology: RedisTopology = { kind: "one", url: `rediss://${host}:${port}` };
      await using node = open(topology, { ca, prefix: `${host}:` });
      await ready(node);
      await useAll(node);
      await using stranger = open(topology);
      await troubled(stranger, /certificate|UnknownIssuer/i);
      assert.equal(stranger.backend.state, "connecting");
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** An authority, and a certificate by it for localhost and 127.0.0.1. */
async function makeCertificates(directory: string): Promise<void> {
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  await Deno.writeTextFile(`${directory}/names`, names);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(directory, [
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-subj",
    "/CN=ca",
    "-days",
    "2",
  ]);
  await openssl(directory, [
    "req",
    ...key,
    "-keyout",
    "server.key",
    "-out",
    "server.csr",
    "-subj",
    "/CN=localhost",
  ]);
  const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"];
  await openssl(directory, ["x509", "-req", "-in", "server.csr", "-out", "server.crt", ...by]);
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args], cwd }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test("redisBackend() is not ready while Redis has no memory left, says so, and comes back", async () => {
  await using server = await RedisServer.open();
  await using node = open(one(server));
  await ready(node);
  await beat(node);
  await server.command("CONFIG", "SET", "maxmemory", "1");
  await assert.rejects(beat(node), isTemporary);
  assert.equal(node.backend.state, "lost");
  assert.match(node.backend.trouble ?? "", /takes no writes: OOM .*maxmemory/);
  await assert.rejects(stored(node, "room", "x"), isTemporary);
  await node.backend.bus.subscribe("room");
  await published(node, "room", "messages need no memory");
  await node.listener.until("it", () => node.listener.on("room").length === 1);
  assert.equal((await node.backend.registry.nodes()).length, 1);
  await server.command("CONFIG", "SET", "maxmemory", "0");
  await beat(node);
  assert.equal(node.backend.state, "ready");
});

Deno.test("redisBackend() on shards is not ready while one that is not the first has no memory left", async () => {
  await using first = await RedisServer.open();
  await using second = await RedisServer.open();
  await using node = open({ kind: "shards", urls: [first.url, second.url] });
  await ready(node);
  await second.command("CONFIG", "SET", "maxmemory", "1");
  await beat(node);
  await node.listener.until("lost", () => node.backend.state === "lost");
  assert.match(
    node.backend.trouble ?? "",
    new RegExp(`^Redis at 127.0.0.1:${second.port}: it takes no writes: OOM`),
  );
  await second.command("CONFIG", "SET", "maxmemory", "0");
  await beat(node);
  await ready(node);
});

Deno.test("redisBackend() refuses a Redis that may evict any key, until that is changed", async () => {
  await using server = await RedisServer.open({ words: ["--maxmemory-policy", "allkeys-lru"] });
  await using node = open(one(server));
  await troubled(node, /eviction policy is allkeys-lru.*set maxmemory-policy to noeviction/);
  assert.equal(node.backend.state, "connecting");
  await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
  await ready(node);
});

Deno.test("redisBackend() refuses a replica, and a master that becomes one", async () => {
  await using server = await RedisServer.open();
  await using node = open(one(server));
  await ready(node);
  await server.command("REPLICAOF", "127.0.0.1", "1");
  await assert.rejects(beat(node), isTemporary);
  await node.listener.until("lost", () => node.backend.state === "lost");
  await troubled(node, /it is a replica, and only a master can serve a node/);
  await assert.rejects(published(node, "room", "x"), isTemporary);
  await server.command("REPLICAOF", "NO", "ONE");
  await ready(node);
  assert.equal((await beat(node)).standing, "member");
});

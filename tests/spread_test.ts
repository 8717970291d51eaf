/** Twelve real nodes behind a real nginx: how evenly keys spread over them, and where they go when a node is killed. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../src/testing/cluster_process.ts";
import { stickyKeys } from "../src/testing/consistent_hash.ts";
import type { Health, NodeAddress } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

const NODES = 12;
const KEYS = 12_000;
/** As many are asked for again after the kill. */
const KEYS_AGAIN = 3_000;
const CLIENTS = 360;
const SERVED_WITHIN_MS = 3_000;
const ASKED_AT_ONCE = 32;
const OPENED_AT_ONCE = 40;
/** The SDK's own waits, which a client has that was told nothing. */
const PATIENCE = { minReconnectDelay: 500, maxReconnectDelay: 20_000, timeout: 5_000 };

/** Does `work` for each of `items`, some at a time. */
async function forEach<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>) {
  const rest = items.values();
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const item of rest) await work(item);
  }));
}

/** The node that nginx gives to each key. Throws on any answer but 200. */
async function homesOf(keys: readonly string[], { port }: NodeAddress): Promise<ReadonlyMap<string, string>> {
  const homes = new Map<string, string>();
  await forEach(keys, ASKED_AT_ONCE, async (key) => {
    const headers = { cookie: `shoal_sticky=${key}` };
    const response = await fetch(`http://127.0.0.1:${port}/health`, { headers });
    const { node }: Health = await response.json();
    assert.equal(response.status, 200, `key ${key} was answered by ${node}`);
    homes.set(key, node);
  });
  return homes;
}

/** How many keys, or clients, each node has. */
function sharesOf(homes: Iterable<string>): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const home of homes) shares.set(home, (shares.get(home) ?? 0) + 1);
  return shares;
}

/** Kills (SIGKILL) the node with this id. No other takes its place: its supervisor, which serves no hub here, is stopped. */
async function killNode(cluster: ClusterProcess, id: string): Promise<void> {
  for (const node of cluster.nodes) {
    if ((await node.health()).node !== id) continue;
    cluster.supervisor.signal("SIGSTOP");
    return Deno.kill(cluster.pidOf(node.port), "SIGKILL");
  }
  throw new Error(`No node has id ${id}`);
}

/** Clients through nginx, all in one channel. */
async function openClients(url: string) {
  const clients: SdkClient[] = [];
  await forEach(stickyKeys(CLIENTS, 2), OPENED_AT_ONCE, async (key) => {
    clients.push(await SdkClient.open(`${url}?sticky=${key}`, PATIENCE));
  });
  const rooms = await Promise.all(clients.map((client) => client.subscribe("durable:room")));
  return { clients, rooms };
}

Deno.test("twelve nodes behind nginx share 12,000 keys evenly; after a kill the clients of the dead node are served within 3 s, and nobody else moves", async () => {
  await using redis = await RedisServer.open();
  const words = ["--nginx", "--insecure"];
  await using cluster = await ClusterProcess.start({ instances: NODES, redisUrl: redis.url, words });
  const keys = stickyKeys(KEYS, 1);
  const before = await homesOf(keys, cluster.shared);
  const shares = sharesOf(before.values());
  const counts = [...shares.values()];
  const ratio = Math.max(...counts) / Math.min(...counts);
  console.log(`measured: largest share ${ratio.toFixed(3)} times the smallest: ${counts.join(", ")}`);
  assert.equal(shares.size, NODES);
  assert.ok(ratio <= 1.5, `the largest share is ${ratio} times the smallest`);

  const { clients, rooms } = await openClients(cluster.shared.ws);
  try {
    const [[dead, orphans] = ["", 0]] = [...sharesOf(clients.map(({ node }) => node))].sort(([, a], [, b]) =>
      b - a
    );
    const homes = clients.map(({ node }) => node);
    await killNode(cluster, dead);
    const killedMs = performance.now();
    const tookMs = await Promise.all(
      clients.filter(({ node }) => node === dead).map(async (client) => {
        await client.step("connected", 2);
        return Math.round(performance.now() - killedMs);
      }),
    );
    cluster.supervisor.signal("SIGCONT");
    const slowestMs = Math.max(...tookMs);
    console.log(
      `measured: ${orphans} of ${CLIENTS} clients lost their node and were served after ${slowestMs} ms`,
    );
    assert.ok(slowestMs <= SERVED_WITHIN_MS, `the last client was served after ${slowestMs} ms`);

    for (const [key, home] of await homesOf(keys.slice(0, KEYS_AGAIN), cluster.shared)) {
      if (before.get(key) === dead) assert.notEqual(home, dead);
      else assert.equal(home, before.get(key), `key ${key} has moved although its node lives`);
    }
    for (const [at, client] of clients.entries()) {
      if (homes[at] === dead) assert.ok(shares.has(client.node) && client.node !== dead, "by another node");
      else assert.deepEqual(client.steps, ["connecting 0", "connected"], "others notice nothing");
    }
    await clients[0]?.centrifuge.publish("durable:room", "still there");
    await Promise.all(rooms.map((room) => room.received((data) => data === "still there")));
  } finally {
    cluster.supervisor.signal("SIGCONT");
    for (const client of clients) client[Symbol.dispose]();
  }
});

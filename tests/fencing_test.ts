/** A node that was frozen past its lease: it finds its tombstone, lets its clients go at a pace and starts over. */
import assert from "node:assert/strict";
import { NodeProcess, pause, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

/** A fifth of the usual times: frozen for 2 s here is frozen for 10 s there. */
const SETTINGS = {
  beat_interval_ms: 200,
  node_suspect_ms: 500,
  node_dead_ms: 1000,
  probe_timeout_ms: 600,
  drain_rate_per_s: 40,
};
const FROZEN_MS = 2_000;
const CLIENTS = 40;
/** 40 clients at 40 a second; half of it, for the clock of a busy machine. */
const PACED_MS = 500;

/** When each client was asked to reconnect. */
function timesOf(clients: readonly SdkClient[]): number[] {
  const times: number[] = [];
  for (const { centrifuge } of clients) {
    centrifuge.on("connecting", ({ code }) => {
      if (code === 3011) times.push(performance.now());
    });
  }
  return times;
}

/** Every key of Redis that names `node`. */
async function keysOf(redis: RedisServer, node: string): Promise<readonly string[]> {
  const reply = await redis.command("KEYS", `*${node}*`);
  return reply.split("\r\n").filter((line) => line.includes(node)).sort();
}

Deno.test("A node frozen past its lease starts over under a new id, and what it writes under the old one is void", async () => {
  await using redis = await RedisServer.open();
  const start = () => NodeProcess.start({ redisUrl: redis.url, set: SETTINGS });
  await using one = await start();
  await using two = await start();
  await using frozen = await start();
  const before = (await frozen.health()).node;
  using stack = new DisposableStack();
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => SdkClient.open(frozen.ws)));
  for (const client of clients) stack.use(client);
  const subscriptions = await Promise.all(clients.map((client) => client.subscribe("room")));
  const askedMs = timesOf(clients);
  await pause(1_500); // who judges must have beaten without a gap for node_dead_ms

  const stopMs = performance.now();
  Deno.kill(frozen.pid, "SIGSTOP");
  // They knock while it is frozen: it reads them after it wakes, and would write their records under its old id.
  const late = Array.from({ length: 5 }, () => stack.use(new SdkClient(frozen.ws, { timeout: 10_000 })));
  await until("the others count two nodes", async () => (await one.liveNodes()).length === 2, 5_000);
  await until("its records are gone", async () => (await keysOf(redis, before)).every(isMark), 5_000);
  using asker = await SdkClient.open(one.ws);
  const sentMs = performance.now();
  const message = asker.centrifuge.rpc("clients.send", { client: clients[0]?.ids[0], data: 1 });
  await assert.rejects(message, { code: 410 });
  assert.ok(performance.now() - sentMs < 1_500, "who asks for a client of a dead node waited for a deadline");
  await pause(FROZEN_MS - (performance.now() - stopMs));
  Deno.kill(frozen.pid, "SIGCONT");

  await until("another id", async () => (await frozen.health()).node !== before, 5_000);
  const written: string[] = [];
  const goAway = Promise.all(clients.map((client) => client.step("connecting 3011"))).then(() => true);
  // Clients that go away are a change of its records too, which it has for as long as they are with it.
  while (!await Promise.race([goAway, pause(10)])) {
    written.push(...(await keysOf(redis, before)).filter((key) => !isMark(key)));
  }
  assert.deepEqual(written, [], "the old id wrote after its burial");
  await Promise.all(late.map((client) => client.step("connected")));
  await Promise.all(subscriptions.map(({ subscription }) => subscription.ready(10_000)));
  const after = (await frozen.health()).node;
  const all = [...clients, ...late];
  await until("every client is at the new id", () => all.every(({ node }) => node === after), 5_000);

  const spreadMs = Math.max(...askedMs) - Math.min(...askedMs);
  assert.ok(spreadMs >= PACED_MS, `all were sent away within ${Math.round(spreadMs)} ms`);
  await frozen.ready();
  for (const node of [one, two, frozen]) {
    const live = await node.liveNodes();
    assert.equal(live.length, 3);
    assert.ok(live.includes(after) && !live.includes(before), `live: ${live}, was ${before}, is ${after}`);
  }
  const left = await keysOf(redis, before);
  assert.ok(left.every(isMark), `the old id still owns ${left}`);
  await until("the new id's records", async () => {
    return /:45\r/.test(await redis.command("HLEN", `shoal:{ctl}clients:${after}`));
  }, 5_000);

  using publisher = await SdkClient.open(one.ws);
  await publisher.centrifuge.publish("room", "once");
  await Promise.all(subscriptions.map((each) => each.received((data) => data === "once")));
  await pause(100);
  assert.ok(subscriptions.every((each) => each.data.length === 1), "a client was reached twice");
  assert.deepEqual([one, two, frozen].flatMap((node) => node.faults), []);
});

/** What rightly remains of a dead node: its tombstone, and the marks that stop late writes. */
function isMark(key: string): boolean {
  return /\}(tomb|dead|reap):/.test(key);
}

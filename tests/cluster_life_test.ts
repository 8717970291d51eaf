/** Lives and deaths in a real cluster: what clients, the other nodes, Redis and the operator see, and how soon. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../src/testing/cluster_process.ts";
import { type NodeAddress, NodeProcess, pause, survivors, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient, type SdkSubscription } from "../src/testing/sdk_client.ts";

/** A client on each node, all subscribed to one channel. */
class Crew implements Disposable {
  readonly clients: readonly SdkClient[];
  readonly #subscriptions: readonly SdkSubscription[];
  #sent = 0;

  private constructor(clients: readonly SdkClient[], subscriptions: readonly SdkSubscription[]) {
    this.clients = clients;
    this.#subscriptions = subscriptions;
  }

  static async open(nodes: readonly NodeAddress[], channel: string): Promise<Crew> {
    const clients = await Promise.all(nodes.map((node) => SdkClient.open(node.ws)));
    const subscriptions = await Promise.all(clients.map((client) => client.subscribe(channel)));
    return new Crew(clients, subscriptions);
  }

  /** All that anybody has received. */
  get heard(): readonly unknown[] {
    return this.#subscriptions.flatMap(({ data }) => data);
  }

  /** Publishes from each client and waits until every one has received every publication. */
  async everyoneHearsEveryone(withinMs = 5_000): Promise<void> {
    // Who reconnects just now has nothing to hear with.
    await Promise.all(this.#subscriptions.map(({ subscription }) => subscription.ready(withinMs)));
    const marks = this.clients.map((_, at) => `${this.#sent++} from ${at}`);
    await Promise.all(this.#subscriptions.map((from, at) => from.subscription.publish(marks[at])));
    await Promise.all(
      this.#subscriptions.flatMap((to) =>
        marks.map((mark) => to.received((data) => data === mark, withinMs))
      ),
    );
    for (const { data } of this.#subscriptions) {
      assert.deepEqual(data, [...new Set(data)], "nothing comes twice");
    }
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) client[Symbol.dispose]();
  }
}

/** The steps of a client since it had taken `from` of them. */
function stepsSince(client: SdkClient, from: number): readonly string[] {
  return client.steps.slice(from);
}

function idsOf(nodes: readonly NodeAddress[]): Promise<readonly string[]> {
  return Promise.all(nodes.map(async (node) => (await node.health()).node));
}

/** Whether the other nodes see, or do not see, `id` as a live node. */
async function isSeen(id: string, by: readonly NodeAddress[]): Promise<boolean> {
  const lists = await Promise.all(by.map((node) => node.liveNodes()));
  return lists.every((list) => list.includes(id));
}

async function isUnseen(id: string, by: readonly NodeAddress[]): Promise<boolean> {
  const lists = await Promise.all(by.map((node) => node.liveNodes()));
  return lists.every((list) => !list.includes(id));
}

async function hasKey(redis: RedisServer, key: string): Promise<boolean> {
  return await redis.command("EXISTS", key) === ":1\r\n";
}

async function recordsOf(redis: RedisServer, node: string): Promise<number> {
  return Number(/^:(\d+)/.exec(await redis.command("HLEN", `shoal:{ctl}clients:${node}`))?.[1]);
}

function measured(what: string, ms: number): void {
  console.log(`measured: ${what}: ${ms} ms`);
}

/** What holds in both modes before anything breaks. */
async function answersEverywhere({ nodes, shared }: ClusterProcess): Promise<void> {
  for (const node of [...nodes, shared]) {
    const { status, body } = await node.json<{ status: string }>("/health");
    assert.deepEqual([status, body.status], [200, "ok"]);
  }
  const ids = [...await idsOf(nodes)].sort();
  assert.equal(new Set(ids).size, nodes.length);
  await until("each node sees all", async () => {
    const lists = await Promise.all(nodes.map((node) => node.liveNodes()));
    return lists.every((list) => [...list].sort().join() === ids.join());
  }, 3_000);
}

/** Kills the second node. Answers how soon everybody noticed. */
async function killSecond(cluster: ClusterProcess, mode: string): Promise<string> {
  const { nodes, shared } = cluster;
  const [one, victim, three] = nodes;
  assert.ok(one && victim && three);
  const id = (await victim.health()).node;
  using own = await SdkClient.open(victim.ws);
  using viaShared = await onNode(shared, id);
  await Promise.all([own.subscribe("life"), viaShared.subscribe("life")]);
  const [ownSteps, sharedSteps] = [own.steps.length, viaShared.steps.length];
  Deno.kill(cluster.pidOf(victim.port), "SIGKILL");
  const [goneMs, upMs, ownMs, sharedMs] = await Promise.all([
    until(`${id} is gone from /stats`, () => isUnseen(id, [one, three]), 6_000),
    until(
      "a new node is ready",
      async () => await victim.isReady() && (await victim.health()).node !== id,
      10_000,
    ),
    own.step("connected", ownSteps),
    viaShared.step("connected", sharedSteps),
  ]);
  measured(`${mode}: killed node gone from /stats of the others`, goneMs);
  measured(`${mode}: its successor ready`, upMs);
  measured(`${mode}: its client back on the same port`, ownMs);
  measured(`${mode}: its client back through the shared port`, sharedMs);
  const successor = (await victim.health()).node;
  await until("the successor is seen", () => isSeen(successor, nodes), 3_000);
  assert.match(
    cluster.supervisor.text,
    new RegExp(`node ${victim.port} \\(pid \\d+\\) was ended by SIGKILL`),
  );
  return id;
}

/** A client that reached node `id` through the shared port; the kernel chooses, so several may have to try. */
async function onNode(shared: NodeAddress, id: string): Promise<SdkClient> {
  for (let tries = 0; tries < 100; tries++) {
    const client = await SdkClient.open(shared.ws);
    if (client.node === id) return client;
    client[Symbol.dispose]();
  }
  throw new Error(`The shared port never led to ${id}`);
}

/** SIGTERM to the supervisor: all clients are told 3001, and nothing is left. */
async function endsInOrder(cluster: ClusterProcess): Promise<void> {
  using crew = await Crew.open(cluster.nodes, "drain");
  const startMs = performance.now();
  cluster.supervisor.signal("SIGTERM");
  await Promise.all(crew.clients.map((client) => client.step("connecting 3001")));
  const { code } = await cluster.supervisor.end();
  measured("SIGTERM to the supervisor: all nodes drained and ended", Math.round(performance.now() - startMs));
  assert.equal(code, 0, cluster.supervisor.text);
  assert.deepEqual(await survivors(cluster.pids), []);
}

Deno.test("a cluster over Redis survives kill and FLUSHALL, and ends in order", async (t) => {
  await using redis = await RedisServer.open();
  await using cluster = await ClusterProcess.start({ instances: 3, redisUrl: redis.url });
  const { nodes } = cluster;
  const [one, two, three] = nodes;
  assert.ok(one && two && three);
  using crew = await Crew.open(nodes, "crew");

  await t.step("each node answers, and each hears each", async () => {
    await answersEverywhere(cluster);
    await crew.everyoneHearsEveryone();
  });

  await t.step("a killed node is noticed, cleaned up after and replaced; its clients come back", async () => {
    const startMs = performance.now();
    const id = await killSecond(cluster, "Redis");
    await until("the records are gone", async () => !await hasKey(redis, `shoal:{ctl}clients:${id}`), 10_000);
    measured("Redis: its clients' records gone", Math.round(performance.now() - startMs));
    await crew.everyoneHearsEveryone();
  });

  await t.step("FLUSHALL costs no client its connection, and all records come back", async () => {
    const ids = await idsOf(nodes);
    const steps = crew.clients.map((client) => client.steps.length);
    await until("records are there", async () => await totalRecords(redis, ids) === 3, 3_000);
    await redis.flush();
    assert.equal(await totalRecords(redis, ids), 0);
    const ms = await until("records are back", async () => {
      return await totalRecords(redis, ids) === 3 &&
        await redis.command("ZCARD", "shoal:{ctl}nodes") === ":3\r\n";
    }, 5_000);
    measured("Redis: node and client records back after FLUSHALL", ms);
    await crew.everyoneHearsEveryone();
    assert.deepEqual(crew.clients.map((client, at) => stepsSince(client, steps[at] ?? 0)), [[], [], []]);
    assert.deepEqual(await idsOf(nodes), ids);
  });

  assert.deepEqual(cluster.faults, []);
  await t.step("SIGTERM of the supervisor tells clients 3001 and leaves nothing", () => endsInOrder(cluster));
  assert.deepEqual(cluster.faults, []);
  assert.equal(await redis.command("ZCARD", "shoal:{ctl}nodes"), ":0\r\n");
});

async function totalRecords(redis: RedisServer, ids: readonly string[]): Promise<number> {
  const counts = await Promise.all(ids.map((id) => recordsOf(redis, id)));
  return counts.reduce((sum, count) => sum + count, 0);
}

Deno.test("an embedded cluster survives the kill of a node, and dies with its supervisor", async (t) => {
  await using cluster = await ClusterProcess.start({ instances: 3 });
  using crew = await Crew.open(cluster.nodes, "crew");

  await t.step("each node answers, and each hears each", async () => {
    await answersEverywhere(cluster);
    await crew.everyoneHearsEveryone();
  });

  await t.step("a killed node is noticed and replaced; its clients come back", async () => {
    await killSecond(cluster, "embedded");
    await crew.everyoneHearsEveryone();
  });

  assert.deepEqual(cluster.faults, []);
  await t.step("SIGKILL of the supervisor closes its clients and leaves no node", async () => {
    const steps = crew.clients.map((client) => client.steps.length);
    const startMs = performance.now();
    cluster.supervisor.signal("SIGKILL");
    await Promise.all(crew.clients.map((client, at) => client.step("connecting 3001", steps[at])));
    await until("no node is left", async () => (await survivors(cluster.pids)).length === 0, 10_000);
    measured(
      "embedded: all nodes gone after kill -9 of the supervisor",
      Math.round(performance.now() - startMs),
    );
  });
});

Deno.test("an embedded cluster ends in order on SIGTERM", async () => {
  await using cluster = await ClusterProcess.start({ instances: 2 });
  await endsInOrder(cluster);
  assert.deepEqual(cluster.faults, []);
});

Deno.test("a cluster over Redis leaves no node when its supervisor is killed", async () => {
  await using redis = await RedisServer.open();
  await using cluster = await ClusterProcess.start({ instances: 2, redisUrl: redis.url });
  using crew = await Crew.open(cluster.nodes, "orphans");
  cluster.supervisor.signal("SIGKILL");
  await Promise.all(crew.clients.map((client) => client.step("connecting 3001")));
  await until("no node is left", async () => (await survivors(cluster.pids)).length === 0, 10_000);
});

Deno.test("nodes keep their clients while Redis is away, and go on when it is back", async (t) => {
  await using redis = await RedisServer.open();
  const [first, second] = await Promise.all([
    NodeProcess.start({ redisUrl: redis.url }),
    NodeProcess.start({ redisUrl: redis.url }),
  ]);
  await using one = first;
  await using two = second;
  using crew = await Crew.open([one, two], "outage");
  const [alice] = crew.clients;
  assert.ok(alice);
  const steps = crew.clients.map((client) => client.steps.length);
  const ids = await idsOf([one, two]);

  await t.step("a publish is answered 100 within 3 s, other calls go on, ready says why not", async () => {
    await redis.stop();
    const startMs = performance.now();
    await assert.rejects(alice.centrifuge.publish("outage", "refused"), { code: 100 });
    const ms = Math.round(performance.now() - startMs);
    measured("Redis killed: publish answered 100 after", ms);
    assert.ok(ms < 3_000);
    assert.deepEqual(await alice.centrifuge.rpc("echo", "still here"), { data: "still here" });
    await until("ready is red", async () => !await one.isReady(), 5_000);
    const { status, body } = await one.json<{ cause: string }>("/health/ready");
    assert.equal(status, 503);
    assert.match(body.cause, /Redis at 127\.0\.0\.1:\d+: /);
  });

  const late = alice.centrifuge.newSubscription("late", {
    minResubscribeDelay: 100,
    maxResubscribeDelay: 500,
  });
  late.subscribe();
  await pause(500); // its first attempt has failed

  await t.step("publications flow again once Redis is back, with nothing done by clients", async () => {
    await redis.start();
    const startMs = performance.now();
    await until("both are ready", async () => await one.isReady() && await two.isReady(), 5_000);
    measured("Redis back: nodes ready after", Math.round(performance.now() - startMs));
    await crew.everyoneHearsEveryone();
    measured(
      "Redis back: every publication reaches every node after",
      Math.round(performance.now() - startMs),
    );
    await late.ready(10_000);
    assert.equal(crew.heard.includes("refused"), false);
    assert.deepEqual(await idsOf([one, two]), ids, "nobody was declared dead");
    assert.deepEqual(crew.clients.map((client, at) => stepsSince(client, steps[at] ?? 0)), [[], []]);
  });

  assert.deepEqual([...one.faults, ...two.faults], []);
});

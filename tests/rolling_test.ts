/** Changing a cluster while it serves: what clients, HTTP callers and nodes of other versions notice. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../src/testing/cluster_process.ts";
import {
  type NodeAddress,
  NodeProcess,
  pause,
  program,
  root,
  TestProcess,
  until,
} from "../src/testing/processes.ts";
import { PreviousVersion } from "../src/testing/previous_version.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";

const OLDER = { address: "10.0.0.9:8080", version: "0.0.9", pid: 1, startedMs: 0, isDraining: false };

/** Half of the usual times, so that a silent node is soon out of the way. */
const SOON_DEAD = { beat_interval_ms: 500, node_suspect_ms: 1_000, node_dead_ms: 2_000 };

/** Writes a node into the registry that beats once, with a record in `formats`. */
async function fakeNode(redis: RedisServer, id: string, formats: unknown): Promise<void> {
  const [, seconds, micros] = /(\d{10})\r\n.*\r\n(\d+)/.exec(await redis.command("TIME")) ?? [];
  const nowMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  const record = JSON.stringify({ ...OLDER, ...(formats === undefined ? {} : { formats }) });
  await redis.command("SET", `shoal:{ctl}node:${id}`, record);
  await redis.command("ZADD", "shoal:{ctl}nodes", String(nowMs), id);
}

/** Keeps a fake node alive: it beats every 200 ms. */
function beating(redis: RedisServer, id: string, formats: unknown): Disposable {
  const timer = setInterval(() => void fakeNode(redis, id, formats), 200);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

for (
  const { what, formats, says } of [
    { what: "an older", formats: undefined, says: /writes the older format 0, this node reads 1 only/ },
    {
      what: "a newer",
      formats: { writes: 3, readsFrom: 2, readsTo: 3 },
      says: /writes the newer format 3, this node reads 1 only/,
    },
  ]
) {
  Deno.test(`a node does not become ready beside ${what} format, says why, and is ready once that has gone`, async () => {
    await using redis = await RedisServer.open();
    const id = "zzzzzzzzzzzzz";
    await fakeNode(redis, id, formats);
    await using one = await (async () => {
      using _ = beating(redis, id, formats);
      const node = NodeProcess.launch({ redisUrl: redis.url, set: SOON_DEAD });
      try {
        await node.process.matches(/This node cannot join/g, 1);
        const { status, body } = await node.json<{ cause: string }>("/health/ready");
        assert.equal(status, 503);
        assert.match(body.cause, /cannot run beside node z+ at 10\.0\.0\.9:8080 \(version 0\.0\.9\)/);
        assert.match(body.cause, says);
        return node;
      } catch (error) {
        await node[Symbol.asyncDispose]();
        throw error;
      }
    })();
    // Silent for more than node_dead_ms: dead, and no longer in the way.
    await one.ready(15_000);
    await using two = await NodeProcess.start({ redisUrl: redis.url, set: SOON_DEAD });
    await until("each sees the other", async () => (await two.liveNodes()).length === 2, 5_000);
  });
}

/** A caller's pause before its second try: the kernel resets what waits in the queue of a listener that is closed. */
const RETRY_MS = 20;

/** Clients of one channel on the shared port, and callers of HTTP there, while a cluster is changed. */
class Load implements AsyncDisposable {
  readonly clients: readonly SdkClient[];
  /** Calls that failed on their second try too. */
  readonly failures: string[] = [];
  calls = 0;
  retries = 0;
  readonly #stop = new AbortController();
  readonly #calling: Promise<unknown>;

  private constructor(clients: readonly SdkClient[], shared: NodeAddress) {
    this.clients = clients;
    this.#calling = Promise.all([0, 1, 2].map(() => this.#call(shared)));
  }

  static async start(urls: readonly string[], shared: NodeAddress): Promise<Load> {
    return new Load(await Promise.all(urls.map((url) => SdkClient.open(url))), shared);
  }

  async #call(shared: NodeAddress): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.calls++;
      try {
        await tryCall(shared);
      } catch {
        this.retries++;
        await pause(RETRY_MS);
        await tryCall(shared).catch((error) => this.failures.push(String(error)));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#calling;
    for (const client of this.clients) client[Symbol.dispose]();
  }
}

/** Publishes 1, 2, 3 ... every 10 ms; `stop` answers the last one. */
function publishUntil(client: SdkClient, channel: string): { stop(): Promise<number> } {
  let [sent, isStopped] = [0, false];
  const done = (async () => {
    while (!isStopped) {
      await client.centrifuge.publish(channel, ++sent);
      await pause(10);
    }
    return sent;
  })();
  return {
    stop() {
      isStopped = true;
      return done;
    },
  };
}

/** One call as a balancer or a script makes it: a fresh connection. */
async function tryCall(shared: NodeAddress): Promise<void> {
  const { status } = await shared.json("/default/services");
  assert.equal(status, 200);
}

Deno.test("reload under load from the previous tag, or from this tree where there is none: no publication is lost, each client reconnects at most once per node, no HTTP caller sees an error", async () => {
  await using previous = await PreviousVersion.unpack() ?? null;
  console.log(`measured: rolls from ${previous?.tag ?? "the same tree: there is no earlier tag"}`);
  await using redis = await RedisServer.open();
  const start = { instances: 3, redisUrl: redis.url, ...(previous === null ? {} : { tree: previous.tree }) };
  await using cluster = await ClusterProcess.start(start);
  await previous?.upgrade();
  await using load = await Load.start(Array<string>(60).fill(cluster.shared.ws), cluster.shared);
  const subscriptions = await Promise.all(load.clients.map((client) => client.subscribe("durable:news")));
  // On a node of its own, which stays: what is counted is what subscribers lose.
  await using desk = await NodeProcess.start({ redisUrl: redis.url });
  using publisher = await SdkClient.open(desk.ws);
  const publishing = publishUntil(publisher, "durable:news");

  const { code, text } = await cluster.command("reload");
  assert.equal(code, 0, text);
  await Promise.all(subscriptions.map(({ subscription }) => subscription.ready(10_000)));
  const registered = await redis.command("ZCARD", "shoal:{ctl}nodes");
  assert.equal(registered, ":4\r\n", "the nodes that were replaced have signed off");

  for (const { steps, ids } of load.clients) {
    const nodes = ids.map((id) => id.split(".")[0]);
    assert.deepEqual(nodes, [...new Set(nodes)], "a client came to no node twice");
    assert.ok(ids.length <= 4, `at most one reconnect for each of 3 nodes, not ${steps.join()}`);
    assert.deepEqual(
      steps.filter((step) => step !== "connected" && step !== "connecting 0"),
      steps.filter((step) => step === "connecting 3001"),
    );
  }
  const sent = await publishing.stop();
  await Promise.all(subscriptions.map((each) => each.received((data) => data === sent)));
  const all = Array.from({ length: sent }, (_, at) => at + 1);
  for (const { data } of subscriptions) assert.deepEqual(data, all, "nothing is lost, nothing comes twice");
  console.log(`measured: ${sent} publications to each of ${subscriptions.length} clients during the reload`);
  console.log(`measured: ${load.calls} HTTP calls during the reload, ${load.retries} tried twice`);
  assert.deepEqual(load.failures, []);
  assert.deepEqual(cluster.faults, []);
});

Deno.test("reload keeps the listener of a node that shares its port with its successor", async () => {
  // So slow that both listen side by side for seconds, and nobody comes: the watch of each asks, the other gets some.
  const set = { drain_rate_per_s: 1, drain_max_ms: 60_000 };
  await using cluster = await ClusterProcess.start({ instances: 1, set });
  const [node] = cluster.nodes;
  assert.ok(node);
  const stay = { minReconnectDelay: 60_000, maxReconnectDelay: 60_000 };
  const clients = await Promise.all(Array.from({ length: 80 }, () => SdkClient.open(node.ws, stay)));
  try {
    const { code, text } = await cluster.command("reload");
    assert.equal(code, 0, text);
    for (const { steps } of clients) assert.equal(steps.at(-1), "connecting 3001");
    assert.equal(/listener was lost/.test(cluster.supervisor.text), false, cluster.supervisor.text);
    assert.deepEqual(cluster.faults, []);
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
});

Deno.test("cluster --daemon runs on without its starter, is found by the other commands, and logs to a file", async () => {
  const directory = await Deno.makeTempDir({ prefix: "shoal-daemon-" });
  const [port, sharedPort] = [unusedPort(), unusedPort()];
  const place = ["--port", String(port)];
  const words = ["--daemon", "--instances", "1", "--shared-port", String(sharedPort), ...place];
  const started = await runIn(directory, ...words);
  try {
    assert.equal(started.code, 0, started.text);
    assert.match(
      started.text,
      /^The cluster is up in the background \(pid \d+\)\n {2}log {5}.*cluster-\d+\.log\n/,
    );
    const log = `${directory}/.shoal/cluster-${port}.log`;
    assert.equal(((await Deno.stat(log)).mode ?? 0) & 0o777, 0o600);
    const again = await runIn(directory, ...words);
    assert.equal(again.code, 1);
    assert.match(again.text, /another program has it[^]*A cluster of this folder runs on port/);
    Deno.kill(Number(/pid (\d+)/.exec(started.text)?.[1]), "SIGHUP");
    await until("the reload is done", async () => /Reload done/.test(await Deno.readTextFile(log)), 10_000);
    const status = await runIn(directory, "status", "--json");
    assert.deepEqual([status.code, JSON.parse(status.text).nodes.length], [0, 1], status.text);
  } finally {
    const stopped = await runIn(directory, "stop", ...place);
    assert.equal(stopped.code, 0, stopped.text);
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("POST /admin/drain drains at the pace that a SIGTERM after it does not cut short", async () => {
  await using node = await NodeProcess.start({ set: { drain_rate_per_s: 1, drain_max_ms: 60_000 } });
  const stay = { minReconnectDelay: 60_000, maxReconnectDelay: 60_000 };
  const clients = await Promise.all(Array.from({ length: 30 }, () => SdkClient.open(node.ws, stay)));
  try {
    const response = await fetch(`http://127.0.0.1:${node.port}/admin/drain`, { method: "POST" });
    assert.equal(response.status, 202);
    assert.deepEqual(await response.json(), { draining: true, connections: 29 });
    assert.equal(await node.isReady(), false);
    node.process.signal("SIGTERM");
    await pause(300);
    assert.equal(node.process.hasEnded, false);
    assert.ok(clients.some(({ steps }) => steps.at(-1) === "connected"));
    assert.equal((await node.process.end()).code, 0);
    for (const { steps } of clients) assert.equal(steps.at(-1), "connecting 3001");
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
});

Deno.test("POST /admin/drain is refused behind a proxy, and with a key in place", async () => {
  await using open = await NodeProcess.start();
  const proxied = { method: "POST", headers: { "x-forwarded-for": "10.0.0.1" } };
  await using closed = await NodeProcess.start({
    env: { SHOAL_TOKEN_HMAC_SECRET: "0123456789abcdef".repeat(2) },
  });
  for (const [port, request] of [[open.port, proxied], [closed.port, { method: "POST" }]] as const) {
    const response = await fetch(`http://127.0.0.1:${port}/admin/drain`, request);
    assert.equal(response.status, 403);
    await response.body?.cancel();
  }
  assert.equal((await open.health()).status, "ok");
  assert.equal((await closed.health()).status, "ok");
});

/** Runs `shoal cluster <words>` in `directory` to its end, with the rights of its task. */
async function runIn(directory: string, ...words: readonly string[]) {
  const rights = [
    "--no-prompt",
    "--allow-net",
    "--allow-env",
    `--allow-read=${root},${directory}`,
    `--allow-write=${directory}/.shoal`,
    `--allow-run=${Deno.execPath()},cat`,
  ];
  await using process = new TestProcess(Deno.execPath(), ["run", ...rights, program, "cluster", ...words], {
    cwd: directory,
  });
  const { code } = await process.end();
  return { code, text: process.text };
}

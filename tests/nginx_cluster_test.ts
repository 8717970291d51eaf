/** A cluster behind a real nginx, with the official client: upgrade, coming back, a node's death, much traffic. */
import assert from "node:assert/strict";
import { NginxServer, type NginxTestOptions } from "../src/testing/nginx_server.ts";
import { NodeProcess, until } from "../src/testing/processes.ts";
import { WireClient } from "../src/testing/raw_client.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

const MIB = 1024 * 1024;
/** Publishes under way; one alone waits 40 ms for the acknowledgement that the client's Nagle wants. */
const WINDOW = 8;

/** Redis, nodes that take everybody, and nginx before them. */
class Fronted implements AsyncDisposable {
  private constructor(
    readonly redis: RedisServer,
    readonly nodes: readonly NodeProcess[],
    readonly nginx: NginxServer,
  ) {}

  static async open(count: number, options: Partial<NginxTestOptions> = {}): Promise<Fronted> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await RedisServer.open());
    const set = { insecure: true, trusted_proxies: "127.0.0.1", channel: '{"publisher_info":false}' };
    const launch = () => stack.use(NodeProcess.launch({ redisUrl: redis.url, set }));
    const nodes = Array.from({ length: count }, launch);
    await Promise.all(nodes.map((node) => node.ready()));
    const servers = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const nginx = stack.use(await NginxServer.open({ ...options, servers }));
    stack.move();
    return new Fronted(redis, nodes, nginx);
  }

  /** The node with this id. */
  async nodeOf(id: string): Promise<NodeProcess> {
    for (const node of this.nodes) if ((await node.health()).node === id) return node;
    throw new Error(`No node has id ${id}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nginx[Symbol.asyncDispose]();
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.redis[Symbol.asyncDispose]();
  }
}

Deno.test("streams over HTTP come through nginx at once, and their posts reach them from any node", async () => {
  await using fronted = await Fronted.open(2);
  const base = fronted.nginx.ws.replace(/^ws/, "http").replace(/\/connection\/.*$/, "");
  for (const transport of ["http_stream", "sse"] as const) {
    // Balanced by the query: posts go elsewhere as often as not.
    let posts = 0;
    const spread: typeof fetch = (input, init) => {
      const url = String(input);
      return fetch(url.endsWith("/emulation") ? `${url}?sticky=${posts++}` : url, init);
    };
    const endpoint = `${base}/connection/${transport}`;
    using client = await SdkClient.open([{ transport, endpoint }], {
      emulationEndpoint: `${base}/emulation`,
      fetch: spread,
    });
    const heard = await client.subscribe("streamed");
    for (let n = 0; n < 10; n++) {
      const startMs = performance.now();
      await client.centrifuge.publish("streamed", n);
      await heard.received((data) => data === n);
      assert.ok(performance.now() - startMs < 1_000);
    }
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  }
});

Deno.test("clients behind nginx speak across nodes, come back to theirs, and move when it is killed", async () => {
  await using fronted = await Fronted.open(3);
  const { nginx } = fronted;
  const clients = await Promise.all(
    Array.from({ length: 30 }, (_, user) => SdkClient.open(`${nginx.ws}?sticky=user${user}`)),
  );
  try {
    const homes = clients.map(({ node }) => node);
    assert.equal(new Set(homes).size, 3, "all three nodes have clients");
    const rooms = await Promise.all(clients.map((client) => client.subscribe("room")));
    await clients[0]?.centrifuge.publish("room", "hello");
    for (const room of rooms) await room.received((data) => data === "hello");

    for (const client of clients) client.centrifuge.disconnect();
    for (const client of clients) client.centrifuge.connect();
    await Promise.all(clients.map((client) => client.centrifuge.ready(10_000)));
    assert.deepEqual(clients.map(({ node }) => node), homes);

    const dead = homes[0] ?? "";
    const survivors = homes.map((home) => home !== dead);
    const steps = clients.map((client) => client.steps.length);
    const killed = await fronted.nodeOf(dead);
    const startMs = performance.now();
    await killed.kill();
    await Promise.all(
      clients.map((client, at) => survivors[at] ? undefined : client.step("connected", steps[at])),
    );
    const tookMs = Math.round(performance.now() - startMs);
    console.log(`measured: clients of a killed node served elsewhere after ${tookMs} ms`);
    assert.ok(tookMs < 3_000, `it took ${tookMs} ms`);
    for (const [at, client] of clients.entries()) {
      if (survivors[at]) assert.equal(client.steps.length, steps[at], "others notice nothing");
      else assert.notEqual(client.node, dead);
    }
    await clients[0]?.centrifuge.publish("room", "still there");
    for (const room of rooms) await room.received((data) => data === "still there");

    // Plain HTTP goes round the dead node without an error, too.
    for (let request = 0; request < 30; request++) {
      const response = await fetch(`${nginx.url}/health`);
      await response.body?.cancel();
      assert.equal(response.status, 200);
    }
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
});

Deno.test("more than 100 MB of messages pass nginx in both directions, whole and in order", async () => {
  await using fronted = await Fronted.open(2);
  const payload = "x".repeat(60_000);
  const count = 256;
  await using publisher = await WireClient.connected(fronted.nginx.ws);
  const readers = await Promise.all(Array.from({ length: 6 }, () => WireClient.connected(fronted.nginx.ws)));
  try {
    await Promise.all(readers.map((reader) => reader.call({ subscribe: { channel: "bulk" } })));
    for (let from = 0; from < count; from += WINDOW) {
      const answers = await Promise.all(
        Array.from(
          { length: WINDOW },
          (_, at) => publisher.call({ publish: { channel: "bulk", data: `${from + at} ${payload}` } }),
        ),
      );
      assert.deepEqual(answers.map(({ error }) => error), answers.map(() => undefined));
    }
    for (const reader of readers) {
      await reader.until(() => reader.dataOf("bulk").length >= count, "the last message", 10_000);
      assert.deepEqual(
        reader.dataOf("bulk").map((data) => String(data).split(" ")[0]),
        Array.from({ length: count }, (_, at) => String(at)),
      );
      assert.ok(reader.dataOf("bulk").every((data) => String(data).endsWith(payload)));
    }
    const mb = Math.round(payload.length * count * (readers.length + 1) / MIB);
    console.log(`measured: ${mb} MB through nginx`);
    assert.ok(mb >= 100);
  } finally {
    for (const reader of readers) await reader[Symbol.asyncDispose]();
  }
});

Deno.test("nodes in open mode refuse what comes through nginx, and say which setting to change", async () => {
  await using redis = await RedisServer.open();
  await using node = await NodeProcess.start({ redisUrl: redis.url });
  await using nginx = await NginxServer.open({ servers: [`127.0.0.1:${node.port}`] });
  const response = await fetch(`${nginx.url}/health`);
  assert.equal(response.status, 403);
  assert.match(await response.text(), /SHOAL_TOKEN_HMAC_SECRET/);
});

Deno.test("a pinged connection outlives nginx's patience, and a silent one does not", async () => {
  await using redis = await RedisServer.open();
  const set = { insecure: true, trusted_proxies: "127.0.0.1", ping_interval_ms: 400, pong_timeout_ms: 390 };
  await using node = await NodeProcess.start({ redisUrl: redis.url, set });
  await using nginx = await NginxServer.open({
    servers: [`127.0.0.1:${node.port}`],
    pingIntervalMs: 400,
  });
  await using client = await WireClient.connected(nginx.ws);
  await until("several pings came", () => client.pings >= 5, 5_000);
  assert.equal(client.end, undefined);
  const startMs = performance.now();
  node.process.signal("SIGSTOP");
  await client.closing(10_000);
  node.process.signal("SIGCONT");
  const tookMs = Math.round(performance.now() - startMs);
  console.log(`measured: a paused node's connection ended after ${tookMs} ms; nginx waits 1 s`);
  assert.ok(tookMs < 2_500, `it took ${tookMs} ms`);
});

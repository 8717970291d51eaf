/** The official client over HTTP streams and event streams; each of its posts reaches another node than the last. */
import assert from "node:assert/strict";
import { NodeAddress, NodeProcess, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";
import { openPair } from "./node_pair.ts";

/** Several pings within a test; a channel that remembers. */
const SETTINGS = {
  ping_interval_ms: 400,
  pong_timeout_ms: 390,
  namespaces: '[{"name":"kept","history_size":100,"history_ttl":60,"force_recovery":true,"presence":true}]',
};

type Kind = "http_stream" | "sse";

/** Hands each request to the next of its nodes. */
class RoundRobin implements AsyncDisposable {
  /** Ports that were given a post, in order. */
  readonly targets: number[] = [];
  readonly #nodes: readonly NodeAddress[];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(nodes: readonly NodeAddress[]) {
    this.#nodes = nodes;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#forward(request));
  }

  get emulationEndpoint(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/emulation`;
  }

  async #forward(request: Request): Promise<Response> {
    const node = this.#nodes[this.targets.length % this.#nodes.length];
    if (node === undefined) throw new RangeError("Cannot forward: there are no nodes");
    this.targets.push(node.port);
    const { pathname } = new URL(request.url);
    return await fetch(`http://127.0.0.1:${node.port}${pathname}`, {
      method: request.method,
      headers: { "content-type": request.headers.get("content-type") ?? "" },
      body: await request.arrayBuffer(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function streamAt(node: NodeAddress, kind: Kind, workspace = "") {
  const endpoint = `http://127.0.0.1:${node.port}${workspace}/connection/${kind}`;
  return [{ transport: kind, endpoint }];
}

/** What works over a WebSocket works over `kind`, whichever nodes get the posts. */
async function useStream(
  t: Deno.TestContext,
  kind: Kind,
  one: NodeAddress,
  two: NodeAddress,
): Promise<void> {
  await using posts = new RoundRobin([one, two]);
  const { emulationEndpoint } = posts;

  await t.step(`Centrifuge over ${kind} publishes, subscribes and calls through both nodes`, async () => {
    using alice = await SdkClient.open(streamAt(one, kind), { emulationEndpoint });
    using bob = await SdkClient.open(two.ws);
    assert.deepEqual(alice.transports, [kind]);
    const atAlice = await alice.subscribe("kept:é");
    const atBob = await bob.subscribe("kept:é");
    const sent = Array.from({ length: 20 }, (_, n) => ({ n, text: 'ü"\n\u0000\r' }));
    for (const data of sent) await alice.centrifuge.publish("kept:é", data);
    await Promise.all(
      [atAlice, atBob].map((each) => each.received((data) => Reflect.get(Object(data), "n") === 19)),
    );
    assert.deepEqual(atAlice.data, sent);
    assert.deepEqual(atBob.data, sent);
    assert.deepEqual(await alice.centrifuge.rpc("echo", { a: 1 }), { data: { a: 1 } });
    const { clients } = await alice.centrifuge.presence("kept:é");
    assert.deepEqual(Object.keys(clients).sort(), [...alice.ids, ...bob.ids].sort());
    assert.deepEqual([...new Set(posts.targets)].sort(), [one.port, two.port].sort());
  });

  await t.step(`Centrifuge over ${kind} answers pings and stays`, async () => {
    using client = await SdkClient.open(streamAt(one, kind), { emulationEndpoint });
    const before = posts.targets.length;
    await until("three pongs were posted", () => posts.targets.length >= before + 3, 5_000);
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  });

  await t.step(`a client that leaves over ${kind} is gone at once`, async () => {
    using bob = await SdkClient.open(two.ws);
    const channel = `kept:leave-${kind}`;
    const alice = await SdkClient.open(streamAt(one, kind), { emulationEndpoint });
    await alice.subscribe(channel);
    const count = async () =>
      (await bob.centrifuge.presenceStats(channel).catch(() => undefined))?.numClients;
    await bob.subscribe(channel);
    assert.equal(await count(), 2);
    alice[Symbol.dispose]();
    await until("one is present", async () => await count() === 1, 2_000);
  });

  await t.step(`Centrifuge over ${kind} recovers what it missed while its posts failed`, async () => {
    let isBroken = false;
    const brokenFetch: typeof fetch = (input, init) =>
      isBroken ? Promise.reject(new TypeError("broken")) : fetch(input, init);
    const options = { emulationEndpoint, fetch: brokenFetch };
    using alice = await SdkClient.open(streamAt(one, kind), options);
    using bob = await SdkClient.open(two.ws);
    const channel = `kept:recover-${kind}`;
    const heard = await alice.subscribe(channel);
    isBroken = true;
    await alice.step("connecting 1");
    for (let n = 0; n < 5; n++) await bob.centrifuge.publish(channel, n);
    isBroken = false;
    assert.equal((await heard.answered(2)).recovered, true);
    await heard.received((data) => data === 4);
    assert.deepEqual(heard.data, [0, 1, 2, 3, 4]);
  });

  await t.step(`Centrifuge falls back from a broken WebSocket to ${kind}`, async () => {
    const nowhere = {
      transport: "websocket" as const,
      endpoint: `ws://127.0.0.1:${unusedPort()}/connection/websocket`,
    };
    using client = await SdkClient.open([nowhere, ...streamAt(two, kind)], { emulationEndpoint });
    assert.deepEqual(client.transports, [kind]);
  });
}

Deno.test("two nodes in memory serve the official client over http_stream and sse", async (t) => {
  const namespaces = JSON.parse(SETTINGS.namespaces);
  await using pair = await openPair({ pingIntervalMs: 400, pongTimeoutMs: 200, namespaces });
  const { one, two } = pair;
  const addresses = [one, two].map(({ address }) => new NodeAddress(Number(address.split(":")[1])));
  const [first, second] = addresses;
  assert.ok(first && second);
  await useStream(t, "http_stream", first, second);
  await useStream(t, "sse", first, second);
});

Deno.test("nodes over Redis serve the official client over http_stream and sse", async (t) => {
  await using redis = await RedisServer.open({ port: unusedPort() });
  const options = { redisUrl: redis.url, set: SETTINGS };
  await using one = await NodeProcess.start(options);
  await using two = await NodeProcess.start(options);
  await useStream(t, "http_stream", one, two);
  await useStream(t, "sse", one, two);

  await t.step("a drain closes streams with 3001", async () => {
    using client = await SdkClient.open(streamAt(one, "http_stream"));
    Deno.kill(one.pid, "SIGTERM");
    await client.step("connecting 3001");
  });

  await t.step(
    "a post for a node that was killed is answered 404 at once, and 404 SDKs take for a new start",
    async () => {
      await one.restart();
      // Pings nobody: a stream that this test reads by hand answers none.
      await using three = await NodeProcess.start({ redisUrl: redis.url });
      const response = await fetch(`http://127.0.0.1:${three.port}/connection/http_stream`, {
        method: "POST",
        body: '{"id":1,"connect":{}}',
      });
      const reader = response.body?.getReader();
      const { value } = await reader?.read() ?? {};
      const { session, node } = JSON.parse(new TextDecoder().decode(value)).connect;
      const post = () =>
        fetch(`http://127.0.0.1:${one.port}/emulation`, {
          method: "POST",
          body: JSON.stringify({ session, node, data: '{"id":2,"ping":{}}' }),
        }).then(async (response) => {
          await response.body?.cancel();
          return response.status;
        });
      assert.equal(await post(), 204);
      await three.kill();
      await reader?.cancel().catch(() => {}); // the stream was cut
      const startMs = performance.now();
      assert.equal(await post(), 404);
      assert.ok(performance.now() - startMs < 1_000);
    },
  );
  assert.deepEqual([...one.faults, ...two.faults], []);
});

/** Streams and HTTP of services, over real sockets. */
import assert from "node:assert/strict";
import { serve, service, ServiceError, streams } from "../src/client/mod.ts";
import { createNode, type ShoalNode } from "../src/mod.ts";
import { mintToken } from "../src/server/mod.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { silentLogger } from "../src/core/log.ts";

const JSON_BODY = { "content-type": "application/json" };

/** A node of the cluster behind `redisUrl`, in this process. */
async function openNode(
  redisUrl: string,
  changes: Parameters<typeof createNode>[0] = {},
): Promise<ShoalNode> {
  const node = await createNode({ port: 0, redisUrl, log: silentLogger, ...changes });
  await node.ready;
  return node;
}

const functions = {
  add: { handle: ({ args }: { args: unknown }) => (args as number[]).reduce((x, y) => x + y, 0) },
  echo: { handle: ({ args }: { args: unknown }) => args, safe: true },
  fail: () => {
    throw new ServiceError(1_234, "as told");
  },
  broken: () => {
    throw new TypeError("no luck");
  },
  async *count(to: number) {
    for (let i = 0; i < to; i++) yield i;
  },
  async *breaks() {
    yield 1;
    throw new ServiceError(1_234, "half-way");
  },
};

type Functions = {
  add(...numbers: number[]): number;
  echo(value: unknown): unknown;
  fail(): void;
  broken(): void;
  count(to: number): AsyncIterable<number>;
  breaks(): AsyncIterable<number>;
};

Deno.test("serve(), service() and streams() across two nodes", async (t) => {
  await using redis = await RedisServer.open();
  await using a = await openNode(redis.url);
  await using b = await openNode(redis.url);
  using provider = await SdkClient.open(a.url);
  using caller = await SdkClient.open(b.url);
  const served = await serve(provider.centrifuge, { id: "math", functions });
  const math = service<Functions>(caller.centrifuge, "math");
  const counting = streams<Functions>(caller.centrifuge, "math");

  await t.step("arguments and values go as they are", async () => {
    assert.equal(await math.add(1, 2, 3), 6);
    for (const value of [{ a: [1, "é\n"] }, { x: null }]) assert.deepEqual(await math.echo(value), value);
    assert.deepEqual(await math.echo([1]), [[1]]);
    assert.deepEqual(await math.echo("text"), ["text"]);
  });

  await t.step("failures are typed", async () => {
    const codes: [number, () => Promise<unknown>][] = [
      [1_234, () => math.fail()],
      [500, () => math.broken()],
      [107, () => math.count(3) as unknown as Promise<unknown>],
      [404, () => service(caller.centrifuge, "none").add()],
      [408, () => service<Functions>(caller.centrifuge, "slow", { timeoutMs: 300 }).add()],
    ];
    await serve(provider.centrifuge, { id: "slow", functions: { add: () => new Promise(() => {}) } });
    for (const [code, call] of codes) {
      const error = await call().then(() => undefined, (error) => error);
      assert.ok(error instanceof ServiceError, `${code}: ${error}`);
      assert.equal(error.code, code);
    }
  });

  await t.step(
    "a stream of 20,000 items comes whole and in order, and no more is under way than is granted",
    async () => {
      let next = 0;
      for await (const item of counting.count(20_000)) assert.equal(item, next++);
      assert.equal(next, 20_000);
      assert.equal(served.running, 0);
    },
  );

  await t.step("a caller that reads slowly holds its provider up", async () => {
    let made = 0;
    await using _ = await serve(provider.centrifuge, {
      id: "fast",
      functions: {
        async *count() {
          for (;;) yield made++;
        },
      },
    });
    const items = streams(caller.centrifuge, "fast").count()[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++) await items.next();
    await new Promise((go) => setTimeout(go, 200));
    assert.ok(made >= 64 && made <= 64 + 2, `${made} were made`);
    await items.return?.();
  });

  await t.step("a stream that breaks throws in the loop, and one that is left is cancelled", async () => {
    const got: number[] = [];
    await assert.rejects(async () => {
      for await (const item of counting.breaks()) got.push(item);
    }, { name: "ServiceError", code: 1_234 });
    assert.deepEqual(got, [1]);
    for await (const item of counting.count(1_000_000)) if (item === 100) break;
    await assert.doesNotReject(async () => {
      for (let tries = 0; served.running > 0; tries++) {
        if (tries > 100) throw new Error("the provider still runs it");
        await new Promise((go) => setTimeout(go, 20));
      }
    });
  });

  await t.step("over HTTP: query, body, status, streams as lines of JSON", async () => {
    const base = `http://${b.address}/default/services/math`;
    const read = async (path: string, init?: RequestInit) => {
      const response = await fetch(base + path, init);
      return [response.status, await response.json()];
    };
    const post = (path: string, body: string, headers: Record<string, string> = JSON_BODY) =>
      read(path, { method: "POST", body, headers });
    assert.deepEqual(await read("/echo?a=1&b=%C3%A9"), [200, { value: { a: "1", b: "é" } }]);
    assert.deepEqual(await post("/add", "[1,\n2]"), [200, { value: 3 }]);
    assert.equal((await read("/add"))[0], 405);
    assert.equal((await post("/add", "[1]", { "content-type": "text/plain" }))[0], 415);
    assert.equal((await post("/add", "[1"))[0], 400);
    assert.equal((await post("/none", "[1]"))[0], 404);
    assert.deepEqual(await post("/fail", ""), [500, { error: { code: 1_234, message: "as told" } }]);
    assert.equal((await post("/count", "[3]", { ...JSON_BODY, "x-shoal-timeout-ms": "x" }))[0], 400);
    const lines = async (path: string, body: string) => {
      const response = await fetch(base + path, { method: "POST", body, headers: JSON_BODY });
      assert.equal(response.headers.get("content-type"), "application/x-ndjson");
      return (await response.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
    };
    const items = await lines("/count", "[5000]");
    assert.deepEqual(items, Array.from({ length: 5_000 }, (_, value) => ({ value })));
    const [item, error, ...more] = await lines("/breaks", "[]");
    assert.deepEqual([item, error.error.code, more], [{ value: 1 }, 1_234, []]);
  });

  await t.step("a provider registers again after a reconnect", async () => {
    provider.centrifuge.disconnect();
    provider.centrifuge.connect();
    await provider.centrifuge.ready(5_000);
    for (let tries = 0;; tries++) {
      const isBack = await math.add(1).then(() => true, () => false);
      if (isBack) break;
      assert.ok(tries < 100);
      await new Promise((go) => setTimeout(go, 20));
    }
    await served.stop();
    await assert.rejects(math.add(1), { code: 404 });
  });
});

Deno.test("services with tokens and keys: who may call, and who may not", async () => {
  await using redis = await RedisServer.open();
  const secret = "0123456789abcdef0123456789abcdef";
  const apiKeys = [
    { name: "all", key: "k".repeat(32), workspaces: ["*"], methods: ["rpc"] },
    { name: "other", key: "o".repeat(32), workspaces: ["other"], methods: ["rpc"] },
    { name: "publisher", key: "p".repeat(32), workspaces: ["*"], methods: ["publish"] },
  ];
  await using node = await openNode(redis.url, { tokenHmacSecret: secret, apiKeys });
  const tokenOf = (allow: readonly string[], workspace = "default") => {
    const nowS = Math.floor(Date.now() / 1_000);
    return mintToken({ user: "u", issuedAtS: nowS, expiresAtS: nowS + 600, allow, workspace }, secret);
  };
  using provider = await SdkClient.open(node.url, { token: await tokenOf(["srv"]) });
  using stranger = await SdkClient.open(node.url, { token: await tokenOf(["msg"]) });
  await serve(provider.centrifuge, { id: "math", functions });
  await assert.rejects(serve(stranger.centrifuge, { id: "x", functions }), { code: 103 });
  await assert.rejects(service(stranger.centrifuge, "math").add(1), { code: 103 });
  await assert.rejects(stranger.centrifuge.rpc("services.list", {}), { code: 103 });
  await assert.rejects(stranger.centrifuge.rpc("math.add", [1]), { code: 103 });
  const call = async (headers: Record<string, string>, path = "/default/services/math/add") => {
    const response = await fetch(`http://${node.address}${path}`, {
      method: "POST",
      body: "[1,2]",
      headers: { ...JSON_BODY, ...headers },
    });
    await response.body?.cancel();
    return response.status;
  };
  const bearer = async (...token: Parameters<typeof tokenOf>) => ({
    authorization: `Bearer ${await tokenOf(...token)}`,
  });
  assert.equal(await call(await bearer(["srv"])), 200);
  assert.equal(await call(await bearer(["msg"])), 403);
  assert.equal(await call(await bearer(["srv"], "other")), 404);
  assert.equal(await call({ authorization: "Bearer x.y.z" }), 401);
  assert.equal(await call({}), 401);
  const keyed = (name: string) => ({
    "x-api-key": apiKeys.find((each) => each.name === name)?.key ?? "wrong",
  });
  assert.equal(await call(keyed("all")), 200);
  assert.equal(await call(keyed("other")), 403);
  assert.equal(await call(keyed("publisher")), 403);
  assert.equal(await call(keyed("nobody")), 401);
  const api = await fetch(`http://${node.address}/api/rpc`, {
    method: "POST",
    body: JSON.stringify({ service: "math", function: "add", args: [1, 2] }),
    headers: { ...JSON_BODY, ...keyed("all") },
  });
  assert.deepEqual(await api.json(), { result: { value: 3 } });
});

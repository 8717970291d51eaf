/** What nodes write while everything goes wrong: no secret, no forged record; and the level while they run. */
import assert from "node:assert/strict";
import { systemClock } from "../src/core/clock.ts";
import { createLogger } from "../src/core/log.ts";
import { createNode } from "../src/mod.ts";
import { mintToken } from "../src/server/mod.ts";
import { NodeProcess, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

const SECRET = "a-key-of-tokens-that-nobody-may-read-0123456789";
const PASSWORD = "p%40ss-w0rd-of-redis"; // "%40" is "@" in a URL
function quietLog() {
  return createLogger({ level: "error", format: "json", clock: systemClock, write: () => {} });
}

const set = { log_level: "trace", log_format: "json" };

function assertSilent(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) assert.ok(!text.includes(secret), `"${secret}" was logged`);
  for (const line of text.split("\n").filter((line) => line !== "")) {
    assert.ok(line.startsWith("{"), line);
    JSON.parse(line);
  }
}

Deno.test("a node logs neither its key, nor the password of Redis, nor a client's token, at any level", async () => {
  const plain = decodeURIComponent(PASSWORD);
  await using redis = await RedisServer.open({ words: ["--requirepass", plain] });
  const env = { SHOAL_TOKEN_HMAC_SECRET: SECRET };
  const address = `127.0.0.1:${redis.port}`;
  await using locked = NodeProcess.launch({ redisUrl: `redis://:not-${PASSWORD}@${address}`, set, env });
  await locked.process.matches(/Waiting for the backend/g);
  await using node = await NodeProcess.start({ redisUrl: `redis://:${PASSWORD}@${address}`, set, env });

  const issuedAtS = Math.floor(Date.now() / 1000);
  const good = await mintToken({ user: "u1", issuedAtS, expiresAtS: issuedAtS + 60 }, SECRET);
  const forged = await mintToken({ user: "u1", issuedAtS, expiresAtS: issuedAtS + 60 }, `${SECRET}x`);
  using client = await SdkClient.open(node.ws, { token: good });
  using refused = new SdkClient(node.ws, { token: forged });
  await refused.step("disconnected 3500");
  await assert.rejects(client.centrifuge.publish("nobody:knows\n{}", 1));
  await node.process.matches(/"An error was answered"/g);
  await redis.stop();
  await node.process.matches(/The backend is lost/g);

  const secrets = [SECRET, PASSWORD, plain, good, forged];
  assertSilent(node.process.text, secrets);
  assertSilent(locked.process.text, secrets);
});

Deno.test("ShoalNode.logLevel changes at run time what the node writes, and refuses what is no level", async () => {
  const lines: string[] = [];
  const write = console.log;
  console.log = (line: string) => void lines.push(line);
  try {
    await using node = await createNode({ port: 0, logLevel: "info", logFormat: "json" });
    const isSaid = () => lines.some((line) => line.includes("A client connected"));
    (await SdkClient.open(node.url))[Symbol.dispose]();
    assert.equal(isSaid(), false);
    node.logLevel = "debug";
    assert.equal(node.logLevel, "debug");
    (await SdkClient.open(node.url))[Symbol.dispose]();
    await until("the debug record is written", isSaid, 2_000);
    // deno-lint-ignore no-explicit-any -- what a caller without types may pass
    assert.throws(() => node.logLevel = "loud" as any, /want one of trace, debug, info, warn, error/);
  } finally {
    console.log = write;
  }
});

Deno.test("POST /admin/log_level wants a key with the method admin, in X-API-Key or Authorization", async () => {
  const key = "operator-".padEnd(40, "x");
  const other = "backend-".padEnd(40, "x");
  await using node = await createNode({
    port: 0,
    tokenHmacSecret: SECRET,
    apiKeys: [{ name: "operator", key, methods: ["admin"] }, { name: "backend", key: other }],
    log: quietLog(),
  });
  const ask = async (level: string, headers: Readonly<Record<string, string>>) => {
    const body = JSON.stringify({ level });
    const response = await fetch(`http://${node.address}/admin/log_level`, { method: "POST", body, headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.deepEqual([await ask("debug", {}), await ask("debug", { "x-api-key": other })], [403, 403]);
  assert.equal(node.logLevel, "error");
  assert.equal(await ask("debug", { "x-api-key": key }), 200);
  assert.equal(node.logLevel, "debug");
  assert.equal(await ask("info", { authorization: `ApiKey ${key}` }), 200);
  assert.equal(await ask("loud", { authorization: `ApiKey ${key}` }), 400);
  assert.equal(node.logLevel, "info");
});

Deno.test("POST /admin/log_level needs no key in open mode, on the node's own machine", async () => {
  await using node = await createNode({ port: 0, log: quietLog() });
  const ask = async (headers: Readonly<Record<string, string>>) => {
    const body = '{"level":"trace"}';
    const response = await fetch(`http://${node.address}/admin/log_level`, { method: "POST", body, headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await ask({ "x-forwarded-for": "127.0.0.1" }), 403);
  assert.equal(await ask({}), 200);
  assert.equal(node.logLevel, "trace");
});

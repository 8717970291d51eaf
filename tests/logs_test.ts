/** What nodes write while everything goes wrong: no secret, no forged record; and the level while they run. */
import assert from "node:assert/strict";
import { createNode } from "../src/mod.ts";
import { mintToken } from "../src/server/mod.ts";
import { NodeProcess, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

const SECRET = "a-key-of-tokens-that-nobody-may-read-0123456789";
const PASSWORD = "p%40ss-w0rd-of-redis"; // "%40" is "@" in a URL
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

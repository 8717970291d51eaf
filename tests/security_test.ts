/** Attacks that cross several parts, against whole nodes; docs/security.md names them and those beside their source. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { systemClock } from "../src/core/clock.ts";
import { createLogger, silentLogger } from "../src/core/log.ts";
import { createNode, type NodeCreation, type ShoalNode } from "../src/mod.ts";
import { mintToken, signingKey, type TokenClaims } from "../src/server/mod.ts";
import { WireClient } from "../src/testing/raw_client.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const KEY = "api-key-".padEnd(40, "x");
const apiKeys = [{ name: "backend", key: KEY }];

async function open(more: NodeCreation = {}): Promise<ShoalNode> {
  const node = await createNode({ port: 0, log: silentLogger, tokenHmacSecret: SECRET, apiKeys, ...more });
  await node.ready;
  return node;
}

function claimsOf(more: Partial<TokenClaims> = {}): TokenClaims {
  const nowS = Math.floor(Date.now() / 1000);
  return { user: "u1", issuedAtS: nowS, expiresAtS: nowS + 600, ...more };
}

async function join(
  node: ShoalNode,
  more: Partial<TokenClaims> = {},
  connect: object = {},
): Promise<WireClient> {
  const client = await WireClient.open(node.url);
  const { error } = await client.call({
    connect: { ...connect, token: await mintToken(claimsOf(more), SECRET) },
  });
  assert.equal(error, undefined);
  return client;
}

async function api(node: ShoalNode, method: string, body: string): Promise<string> {
  const headers = { "x-api-key": KEY };
  return await (await fetch(`http://${node.address}/api/${method}`, { method: "POST", headers, body }))
    .text();
}

/** How `client` ends, or that it does not. */
async function endOf(
  client: WireClient,
  request: Readonly<Record<string, unknown>>,
): Promise<number | undefined> {
  return await client.call(request).then(({ error }) => error?.code, () => client.end?.code);
}

Deno.test("JSON with names of builtins pollutes nothing, wherever it comes in", async () => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort();
  const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  await using backend = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(`{"result":${evil},"__proto__":{"polluted":1}}`),
  );
  await using node = await open({
    hooksRpcUrl: `http://127.0.0.1:${backend.addr.port}/`,
    channel: { allowSubscribeForClient: true, allowPublishForClient: true },
    rpc: { merge: (data) => Object.assign({}, data) },
  });
  const client = await join(node);
  await using _client = client;
  client.send(`{"id":90,"subscribe":{"channel":"c","data":${evil},"__proto__":{"polluted":1}}}`);
  client.send(`{"id":91,"publish":{"channel":"c","data":${evil},"__proto__":{"polluted":1}}}`);
  client.send(`{"id":92,"rpc":{"method":"merge","data":${evil}}}`);
  client.send(`{"id":93,"rpc":{"method":"__proto__","data":${evil}}}`);
  client.send(
    `{"id":94,"subscribe":{"channel":"t","tf":{"op":"","cmp":"eq","key":"__proto__","val":"x","__proto__":{"polluted":1}}}}`,
  );
  await client.line(({ id }) => id === 94, "the last command");
  for (const channel of ["__proto__", "constructor", "toString"]) {
    await client.call({ subscribe: { channel } });
  }
  await api(node, "publish", `{"channel":"c","data":${evil},"tags":{"__proto__":"x","constructor":"y"}}`);
  await api(node, "batch", `{"commands":[{"__proto__":{"channel":"c"}},{"constructor":{}}]}`);
  await api(node, "channels", "{}");
  await client.until(() => client.dataOf("c").length === 2, "both publications");
  assert.deepEqual(
    client.dataOf("c").map((data) => JSON.stringify(data)),
    [evil, evil],
    "data travels as it is",
  );
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), before);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("patterns of tokens and of the server API take linear time", async () => {
  await using node = await open();
  const name = `${"a".repeat(253)}!`;
  const hostile = ["(a+)+$", "(a|aa)+$", "(.*a){20}", "^(([a-z])+.)+[A-Z]([a-z])+$"];
  const caps = [
    { channels: hostile, match: "regex" as const, allow: ["sub"] },
    { channels: ["*a".repeat(120)], match: "wildcard" as const, allow: ["sub"] },
  ];
  await using client = await join(node, { caps });
  const startMs = performance.now();
  for (let n = 0; n < 50; n++) {
    assert.equal((await client.call({ subscribe: { channel: name } })).error?.code, 103);
  }
  await api(node, "channels", JSON.stringify({ pattern: "*a".repeat(120) }));
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 2_000, `took ${tookMs} ms`);
});

Deno.test("what clients say of themselves forges no line in the log", async () => {
  for (const format of ["json", "pretty"] as const) {
    const lines: string[] = [];
    const log = createLogger({
      level: "trace",
      format,
      clock: systemClock,
      write: (line) => lines.push(line),
    });
    await using node = await open({
      log,
      rpc: {
        fail: () => {
          throw new TypeError("with\nmessage\u001b[2J");
        },
      },
    });
    const forged = 'x\n{"level":"error","message":"forged"}\r\n\u001b[31mforged\u2028';
    await using client = await join(node, { user: forged }, { name: forged, version: forged, data: forged });
    await client.call({ rpc: { method: "fail", data: forged } });
    await client.call({ subscribe: { channel: forged } });
    await client.call({ rpc: { method: forged } });
    await fetch(`http://${node.address}/${encodeURIComponent(forged)}`, {
      headers: { "user-agent": "x\u0009y" },
    });
    client.send("\u0000not json\nnot json");
    await client.closing();
    assert.ok(lines.some((line) => line.includes("A command failed")), "nothing was logged");
    for (const line of lines) {
      // deno-lint-ignore no-control-regex -- control characters are what is looked for
      assert.doesNotMatch(line, /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/, JSON.stringify(line));
    }
  }
});

Deno.test("keys of a JWKS address are rotated without a restart, and an address that fails locks nobody out for good", async () => {
  const pairs = ["old", "young"].map((kid) => ({ kid, ...generateKeyPairSync("ed25519") }));
  const published = pairs.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid }));
  let shown = published.slice(0, 1);
  let asked = 0;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => (asked++, Response.json({ keys: shown })),
  );
  await using node = await open({
    tokenHmacSecret: "",
    tokenJwksUrl: `http://127.0.0.1:${server.addr.port}/keys`,
  });
  const connect = async (index: number) => {
    const pem = String(pairs[index]?.privateKey.export({ type: "pkcs8", format: "pem" }));
    const { algorithm: alg, key } = await signingKey(pem);
    const header = { alg, kid: pairs[index]?.kid ?? "" };
    const token = await new SignJWT({ sub: "u1" }).setProtectedHeader(header).setExpirationTime("1h").sign(
      key,
    );
    await using client = await WireClient.open(node.url);
    return await endOf(client, { connect: { token } });
  };
  assert.equal(await connect(0), undefined);
  // Just fetched: whether the key is wrong or merely new is not known yet, so the client may try again.
  shown = published;
  assert.equal(await connect(1), 100);
  assert.equal(asked, 1);
  await using client = await WireClient.open(node.url);
  assert.equal(await endOf(client, { connect: { token: await mintToken(claimsOf(), SECRET) } }), 3500);
});

Deno.test("a revoked user is out on every node over Redis, and stays out", async () => {
  await using redis = await RedisServer.open({ port: unusedPort() });
  await using one = await open({ redisUrl: redis.url });
  await using two = await open({ redisUrl: redis.url });
  const [client, bystander] = [await join(two), await join(two, { user: "u2" })];
  await using _client = client;
  await using _bystander = bystander;
  assert.deepEqual(JSON.parse(await api(one, "revoke_user", '{"user":"u1","for_s":60}')), {
    result: { connections: 1, missing: 0 },
  });
  assert.equal((await client.closing()).code, 3503);
  // One that was not there when it was said.
  await using three = await open({ redisUrl: redis.url });
  for (const node of [one, two, three]) {
    await using again = await WireClient.open(node.url);
    assert.equal(await endOf(again, { connect: { token: await mintToken(claimsOf(), SECRET) } }), 3507);
  }
  assert.equal(bystander.end, undefined);
  await api(two, "restore_user", '{"user":"u1"}');
  await using back = await join(one);
  assert.equal(back.end, undefined);
});

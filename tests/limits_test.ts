/** Limits as strangers meet them: real nodes, real sockets, a real Redis. */
import assert from "node:assert/strict";
import { createNode } from "../src/mod.ts";
import { silentLogger } from "../src/core/log.ts";
import { NodeProcess, pause, until } from "../src/testing/processes.ts";
import { WireClient } from "../src/testing/raw_client.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { transports } from "./http_kit.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

interface Upgraded {
  readonly status: number;
  /** The rest of what came at first. */
  readonly text: string;
  end(): void;
}

/** Asks for a WebSocket as a proxy would, and answers what came. */
async function upgrade(
  port: number,
  headers: Readonly<Record<string, string>> = {},
  before = "",
): Promise<Upgraded> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries({
    host: "localhost",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.write(
    new TextEncoder().encode(`${before}GET /connection/websocket HTTP/1.1\r\n${lines.join("")}\r\n`),
  );
  const buffer = new Uint8Array(4_096);
  const deadline = setTimeout(() => connection.close(), 5_000);
  const count = await connection.read(buffer).finally(() => clearTimeout(deadline)) ?? 0;
  const text = new TextDecoder().decode(buffer.subarray(0, count));
  return { status: Number(text.slice(9, 12)), text, end: () => connection.close() };
}

for (const transport of transports) {
  Deno.test(`max_connections_per_address counts clients behind a trusted proxy, on ${transport}`, async () => {
    await using node = await createNode({
      port: 0,
      transport,
      tokenHmacSecret: SECRET,
      trustedProxies: ["127.0.0.1"],
      maxConnectionsPerAddress: 2,
      log: silentLogger,
    });
    const port = Number(node.address.split(":").at(-1));
    const from = (address: string) => upgrade(port, { "x-forwarded-for": address });
    const first = await from("1.2.3.4");
    const others = [await from("9.9.9.9, 1.2.3.4"), await from("5.6.7.8")];
    await until("all are counted", () => node.health().connections === 3, 5_000);
    const refused = await from("1.2.3.4");
    assert.equal(refused.status, 429);
    assert.match(refused.text, /retry-after: 1\r\n[^]*max_connections_per_address/i);
    assert.deepEqual([first.status, ...others.map(({ status }) => status)], [101, 101, 101]);
    first.end();
    await until("its place is free", () => node.health().connections === 2, 5_000);
    others.push(await from("1.2.3.4"));
    assert.equal(others.at(-1)?.status, 101);
    for (const each of [refused, ...others]) each.end();
  });
}

Deno.test("max_connections_per_address counts clients that a trusted proxy names by PROXY, and streams too", async () => {
  await using node = await createNode({
    port: 0,
    tokenHmacSecret: SECRET,
    trustedProxies: ["127.0.0.1"],
    maxConnectionsPerAddress: 1,
    log: silentLogger,
  });
  const port = Number(node.address.split(":").at(-1));
  const from = (address: string) => upgrade(port, {}, `PROXY TCP4 ${address} 127.0.0.1 1 2\r\n`);
  const opened = [await from("1.2.3.4"), await from("5.6.7.8")];
  await until("both are counted", () => node.health().connections === 2, 5_000);
  opened.push(await from("1.2.3.4"));
  assert.deepEqual(opened.map(({ status }) => status), [101, 101, 429]);
  const stream = await fetch(`http://${node.address}/connection/http_stream`, {
    method: "POST",
    body: '{"id":1,"connect":{}}',
    headers: { "x-forwarded-for": "1.2.3.4" },
  });
  assert.equal(stream.status, 429);
  await stream.body?.cancel();
  for (const each of opened) each.end();
});

Deno.test("connects_per_s answers 503 and max_header_bytes 431", async () => {
  const limits = { connectsPerS: 1, maxHeaderBytes: 4_096 };
  await using node = await createNode({ port: 0, ...limits, log: silentLogger });
  const port = Number(node.address.split(":").at(-1));
  const answers = [await upgrade(port), await upgrade(port)];
  assert.deepEqual(answers.map(({ status }) => status), [101, 503]);
  assert.match(answers[1]?.text ?? "", /retry-after: 1\r\n[^]*connects_per_s/i);
  answers.push(await upgrade(port, { "x-padding": "x".repeat(5_000) }));
  assert.equal(answers[2]?.status, 431);
  for (const each of answers) each.end();
});

/** How a connect in a workspace ends: open, or the code that closes it. */
async function connect(node: NodeProcess): Promise<{ readonly client: WireClient; readonly end: number }> {
  const client = await WireClient.open(node.ws.replace("/connection", "/w/connection"));
  client.send(JSON.stringify({ id: 1, connect: {} }));
  await until("an answer", () => client.lines.length > 0 || client.end !== undefined, 5_000);
  return { client, end: client.end?.code ?? 0 };
}

Deno.test("max_connections_per_workspace holds over two nodes, and a killed node's places are free", async () => {
  await using redis = await RedisServer.open();
  const set = {
    beat_interval_ms: 200,
    node_suspect_ms: 600,
    node_dead_ms: 1_500,
    max_connections_per_workspace: 3,
  };
  await using killed = await NodeProcess.start({ redisUrl: redis.url, set });
  await using left = await NodeProcess.start({ redisUrl: redis.url, set });
  // Nobody judges before he has beaten for 5 s.
  const judging = pause(5_000);
  const opened = [await connect(killed), await connect(killed), await connect(left), await connect(left)];
  assert.deepEqual(opened.map(({ end }) => end), [0, 0, 0, 3504]);
  await judging;
  await killed.kill();
  const later: Awaited<ReturnType<typeof connect>>[] = [];
  await until("the places are free", async () => {
    later.push(await connect(left));
    return later.at(-1)?.end === 0;
  }, 10_000);
  assert.deepEqual([(await connect(left)).end, (await connect(left)).end], [0, 3504]);
  for (const { client } of [...opened, ...later]) await client[Symbol.asyncDispose]();
});

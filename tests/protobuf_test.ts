/** The official client's Protobuf build, alone and among clients that speak JSON. */
import assert from "node:assert/strict";
import type { NodeCreation } from "../src/mod.ts";
import { mintToken } from "../src/server/mod.ts";
import { protobufClient, SdkClient } from "../src/testing/sdk_client.ts";
import { type FakeClient, settle } from "../src/testing/fake_socket.ts";
import { TestNode } from "../src/testing/test_node.ts";
import { pause, until } from "../src/testing/processes.ts";
import { type Options } from "centrifuge";
import { openPair } from "./node_pair.ts";
import { inTime } from "../src/testing/waiting.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const SECRET = "0123456789abcdef0123456789abcdef";

const namespaces = [
  {
    name: "kept",
    history_size: 100,
    history_ttl: 60,
    force_recovery: true,
    presence: true,
    join_leave: true,
    force_push_join_leave: true,
    publisher_info: true,
    delta: true,
    allow_history_for_client: true,
    allow_presence_for_client: true,
    allow_publish_for_client: true,
    allow_subscribe_for_client: true,
  },
];

const creation: NodeCreation = { pingIntervalMs: 400, pongTimeoutMs: 200, namespaces };

/** JSON as the bytes that a Protobuf client sends. */
function json(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

function text(data: unknown): string {
  assert.ok(data instanceof Uint8Array, `want bytes, got ${JSON.stringify(data)}`);
  return decoder.decode(data);
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call.then(() => "no error");
  } catch (error) {
    return error instanceof Object && "code" in error ? error.code : error;
  }
}

function open(url: string, options: Partial<Options> = {}): Promise<SdkClient> {
  return SdkClient.open(url, options, protobufClient);
}

Deno.test("nodes serve the official client's Protobuf build", async (t) => {
  await using pair = await openPair(creation);
  const { one, two } = pair;

  await t.step("it connects, is pinged, answers and stays", async () => {
    using client = await open(one.url);
    assert.equal(client.node, one.id);
    await pause(1_000);
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  });

  await t.step("the encoding may be asked for in the query", async () => {
    for (const query of ["cf_protocol=protobuf", "format=protobuf"]) {
      const socket = new WebSocket(`${one.url}?${query}`);
      socket.binaryType = "arraybuffer";
      await inTime("the WebSocket", new Promise((go) => socket.onopen = go));
      const answered = new Promise<MessageEvent>((go) => socket.onmessage = go);
      // {id: 1, connect: {}}
      socket.send(Uint8Array.of(4, 8, 1, 34, 0));
      const { data } = await inTime("the answer", answered);
      assert.ok(data instanceof ArrayBuffer);
      assert.deepEqual([...new Uint8Array(data).subarray(1, 4)], [8, 1, 42]);
      socket.close();
      await inTime("the close", new Promise((go) => socket.onclose = go));
    }
  });

  await t.step("data is what JSON clients say, and what they are told, byte for byte", async () => {
    using binary = await open(one.url);
    using plain = await SdkClient.open(two.url);
    const [atBinary, atPlain] = await Promise.all([
      binary.subscribe("kept:mixed"),
      plain.subscribe("kept:mixed"),
    ]);
    const sources = ['{ "n" : 1.10, "é": "\\u00e9" }', "null", '"text"', "12345678901234567890", "[1,\n2]"];
    for (const source of sources) await binary.centrifuge.publish("kept:mixed", encoder.encode(source));
    await plain.centrifuge.publish("kept:mixed", { from: "json", "ü": ["\u0000\n"] });
    await until("all came", () => atBinary.data.length === 6 && atPlain.data.length === 6);
    assert.deepEqual(atBinary.data.map(text), [
      ...sources.slice(0, 4),
      "[1, 2]",
      JSON.stringify({ from: "json", "ü": ["\u0000\n"] }),
    ]);
    assert.deepEqual(atPlain.data.slice(0, 5), sources.map((source) => JSON.parse(source)));
    assert.deepEqual(atBinary.publications.map(({ offset }) => offset), [1, 2, 3, 4, 5, 6]);
    assert.equal(atBinary.publications[5]?.info?.client, plain.ids[0]);
    assert.equal(atPlain.publications[0]?.info?.client, binary.ids[0]);
  });

  await t.step("bytes that are no JSON arrive as they are, and as base64 where JSON is spoken", async () => {
    using binary = await open(one.url);
    using other = await open(two.url);
    using plain = await SdkClient.open(two.url);
    const [atOther, atPlain] = await Promise.all([other.subscribe("kept:raw"), plain.subscribe("kept:raw")]);
    const bytes = Uint8Array.from({ length: 1_000 }, (_, n) => n * 7 % 256);
    await binary.centrifuge.publish("kept:raw", bytes);
    await binary.centrifuge.publish("kept:raw", json("end"));
    await Promise.all([
      atPlain.received((data) => data === "end"),
      until("it came", () => atOther.data.length === 2),
    ]);
    assert.deepEqual(atOther.data[0], bytes);
    assert.equal(atPlain.data[0], bytes.toBase64());
    const { publications } = await other.centrifuge.history("kept:raw", { limit: 10 });
    assert.deepEqual(publications.map(({ data }) => data), [bytes, json("end")]);
    assert.deepEqual(plain.steps, ["connecting 0", "connected"]);
  });

  await t.step("presence, joins, leaves, history and unsubscribe", async () => {
    using alice = await open(one.url);
    const heard = await alice.subscribe("kept:people");
    const bob = await open(two.url);
    await bob.subscribe("kept:people");
    await heard.step(`join ${bob.ids[0]}`);
    const { clients } = await alice.centrifuge.presence("kept:people");
    assert.deepEqual(Object.keys(clients).sort(), [...alice.ids, ...bob.ids].sort());
    assert.equal(clients[bob.ids[0] ?? ""]?.client, bob.ids[0]);
    assert.deepEqual(await alice.centrifuge.presenceStats("kept:people"), { numClients: 2, numUsers: 1 });
    bob[Symbol.dispose]();
    await heard.step(`leave ${bob.ids[0]}`);
    for (let n = 0; n < 5; n++) await alice.centrifuge.publish("kept:people", json(n));
    const page = await alice.centrifuge.history("kept:people", { limit: 2, reverse: true });
    assert.deepEqual(page.publications.map(({ data }) => text(data)), ["4", "3"]);
    assert.equal(page.offset, 5);
    const { epoch } = page;
    const rest = await alice.centrifuge.history("kept:people", { limit: -1, since: { offset: 3, epoch } });
    assert.deepEqual(rest.publications.map(({ data }) => text(data)), ["3", "4"]);
    heard.subscription.unsubscribe();
    await heard.step("unsubscribed 0");
  });

  await t.step("rpc, send, errors by code", async () => {
    using client = await open(one.url);
    assert.equal(text((await client.centrifuge.rpc("echo", json({ a: ["ü"] }))).data), '{"a":["ü"]}');
    assert.equal(await codeOf(client.centrifuge.rpc("no such method", json(1))), 104);
    assert.equal(await codeOf(client.centrifuge.rpc("echo", Uint8Array.of(255))), 107);
    assert.equal(await codeOf(client.centrifuge.publish("nobody-configured-this:a", json(1))), 102);
    assert.equal(await codeOf(client.centrifuge.presence("plain")), 108);
    assert.equal(await codeOf(client.centrifuge.send(json(1))), "no error");
    assert.equal(text((await client.centrifuge.rpc("echo", json(1))).data), "1");
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  });

  await t.step("direct messages", async () => {
    using alice = await open(one.url);
    using bob = await SdkClient.open(two.url);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    alice.centrifuge.on("message", ({ data }) => resolve(data));
    await bob.centrifuge.rpc("clients.send", { client: alice.ids[0], data: { hello: "ü" } });
    assert.deepEqual(JSON.parse(text(await inTime("the message", promise))).data, { hello: "ü" });
  });

  await t.step("what was missed is recovered, bytes that are no JSON included", async () => {
    using alice = await open(one.url);
    using bob = await open(two.url);
    const heard = await alice.subscribe("kept:missed");
    await bob.centrifuge.publish("kept:missed", json(0));
    await until("it came", () => heard.data.length === 1);
    alice.centrifuge.disconnect();
    const missed = [json({ n: 1 }), Uint8Array.of(0, 128, 255), json("ü")];
    for (const data of missed) await bob.centrifuge.publish("kept:missed", data);
    alice.centrifuge.connect();
    assert.equal((await heard.answered(2)).recovered, true);
    await until("all came", () => heard.data.length === 4);
    assert.deepEqual(heard.data.slice(1), missed);
  });

  await t.step("differences are of bytes, and start anew after bytes that are no JSON", async () => {
    using alice = await open(one.url);
    using bob = await open(two.url);
    using plain = await SdkClient.open(two.url);
    const options = { delta: "fossil" as const };
    const heard = await alice.subscribe("kept:delta", options);
    const atPlain = await plain.subscribe("kept:delta", options);
    const long = (n: number) => json({ n, text: "é".repeat(200) });
    // As JSON has them, the bytes would do well as a base for the text behind them.
    const zeros = new Uint8Array(600);
    const sent = [long(1), long(2), Uint8Array.of(255, 0), long(3), long(4), zeros, json(zeros.toBase64())];
    for (const data of sent) await bob.centrifuge.publish("kept:delta", data);
    await until("all came", () => heard.data.length === sent.length && atPlain.data.length === sent.length);
    assert.deepEqual(heard.data.map((data) => new Uint8Array(Object(data))), sent);
    assert.deepEqual(atPlain.data[4], JSON.parse(decoder.decode(long(4))));
    assert.equal(atPlain.data[2], Uint8Array.of(255, 0).toBase64());
    alice.centrifuge.disconnect();
    for (const data of [long(5), zeros, json(zeros.toBase64()), long(7)]) {
      await bob.centrifuge.publish("kept:delta", data);
    }
    alice.centrifuge.connect();
    await until("the rest came", () => heard.data.length === sent.length + 4);
    await bob.centrifuge.publish("kept:delta", long(8));
    await until("the last came", () => heard.data.length === sent.length + 5);
    assert.deepEqual(heard.data.slice(-3).map((data) => new Uint8Array(Object(data))), [
      json(zeros.toBase64()),
      long(7),
      long(8),
    ]);
  });

  await t.step("over http_stream, each post through another node", async () => {
    const ports = [one, two].map(({ address }) => address);
    let posts = 0;
    const fetchNext: typeof fetch = (input, init) => {
      const url = String(input);
      if (!url.includes("/emulation")) return fetch(input, init);
      return fetch(`http://${ports[posts++ % 2]}/emulation`, init);
    };
    const endpoint = `http://${one.address}/connection/http_stream`;
    using client = await SdkClient.open(
      [{ transport: "http_stream", endpoint }],
      { emulationEndpoint: "http://127.0.0.1/emulation", fetch: fetchNext },
      protobufClient,
    );
    const heard = await client.subscribe("kept:stream");
    const bytes = Uint8Array.of(0, 10, 13, 255);
    await client.centrifuge.publish("kept:stream", json({ a: "ü" }));
    await client.centrifuge.publish("kept:stream", bytes);
    await until("both came", () => heard.data.length === 2);
    assert.deepEqual(heard.data, [json({ a: "ü" }), bytes]);
    assert.ok(posts >= 3);
    const { promise, resolve } = Promise.withResolvers<number>();
    client.centrifuge.on("connecting", ({ code }) => resolve(code));
    void one.drain();
    assert.equal(await inTime("the drain", promise), 3001);
  });
});

Deno.test("a node with a key serves the Protobuf build: tokens, server-side subscriptions, refresh", async () => {
  await using pair = await openPair({ ...creation, tokenHmacSecret: SECRET });
  const { one, two } = pair;
  const mint = (seconds: number) => {
    const issuedAtS = Math.floor(Date.now() / 1000);
    const claims = { user: "u1", channels: ["kept:mine"], issuedAtS, expiresAtS: issuedAtS + seconds };
    return mintToken(claims, SECRET);
  };
  let asked = 0;
  using client = await open(one.url, { getToken: () => mint(asked++ === 0 ? 2 : 60) });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.centrifuge.on("publication", ({ channel, data }) => resolve([channel, text(data)]));
  await two.publish("kept:mine", { own: 1 });
  assert.deepEqual(await inTime("the publication", promise), ["kept:mine", '{"own":1}']);
  await until("the token was refreshed", () => asked === 2);
  await pause(300);
  assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  using forged = new SdkClient(one.url, { token: "a.b.c" }, protobufClient);
  await forged.step("disconnected 3500");
});

Deno.test("a publication is encoded once for each encoding, however many subscribe", async () => {
  await using test = new TestNode();
  test.node.start("test");
  await test.node.ready;
  const connect = Uint8Array.of(4, 8, 1, 34, 0);
  const subscribe = Uint8Array.of(7, 8, 2, 42, 3, 10, 1, 97);
  const clients: FakeClient[] = [];
  for (let n = 0; n < 3; n++) {
    const client = test.client(undefined, "format=protobuf");
    client.listener.onMessage(connect);
    client.listener.onMessage(subscribe);
    const other = test.client();
    await other.send({ id: 1, connect: {} }, { id: 2, subscribe: { channel: "a" } });
    clients.push(client, other);
  }
  await settle();
  for (const { socket } of clients) socket.sent.length = 0;
  await test.node.publish("a", { x: 1 });
  await settle();
  const [binary, json, ...others] = clients.map(({ socket }) => socket.sent[0]);
  assert.ok(binary?.isBinary && json !== undefined && !json.isBinary);
  assert.deepEqual(others, [binary, json, binary, json]);
  assert.ok(others.every((frame, n) => frame === (n % 2 === 0 ? binary : json)));
});

Deno.test("a Protobuf client that sends anything else is closed 3501, and the node has nothing to log", async () => {
  await using test = new TestNode();
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000_000);
  let state = seed | 1;
  const random = (end: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % end;
  };
  const closes = new Set<number | undefined>();
  for (let n = 0; n < 2_000; n++) {
    const client = test.client(undefined, "format=protobuf");
    if (n % 2 === 0) client.listener.onMessage(Uint8Array.of(4, 8, 1, 34, 0));
    const frame = Uint8Array.from({ length: random(40) }, () => random(3) === 0 ? random(256) : random(20));
    client.listener.onMessage(random(20) === 0 ? "{}" : frame);
    closes.add(client.socket.closed?.code);
    client.listener.onClose(1000, "");
  }
  await settle();
  assert.deepEqual([...closes].filter((code) => code !== undefined), [3501], `FUZZ_SEED=${seed}`);
  assert.deepEqual(test.logs, [], `FUZZ_SEED=${seed}`);
});

/** What the transport does to peers that misbehave on purpose. */
import assert from "node:assert/strict";
import { inTime, until } from "../src/testing/waiting.ts";
import {
  clientFrame,
  frame,
  RawClient,
  requestHead,
  serverOptions,
  startServer,
  statusOf,
  transports,
  upgradeHead,
} from "./http_kit.ts";

const limits = {
  ...serverOptions("tcp").options.limits,
  headersTimeoutMs: 300,
  requestTimeoutMs: 500,
  keepAliveTimeoutMs: 300,
  closeTimeoutMs: 400,
};

const intruders: readonly (readonly [string, string, RegExp])[] = [
  ["a silent connection", "", /^HTTP\/1.1 408 /],
  ["a partial header", "GET / HTTP/1.1\r\nHost: local", /^HTTP\/1.1 408 /],
  [
    "a stalled body",
    requestHead("POST", "/x", { Host: "localhost", "Content-Length": "9" }) + "abc",
    /^(HTTP\/1.1 408 |$)/,
  ],
  [
    "headers over the bound",
    `GET / HTTP/1.1\r\nHost: localhost\r\nA: ${"x".repeat(20_000)}\r\n\r\n`,
    /^HTTP\/1.1 431 /,
  ],
  ["what is not HTTP", "\x16\x03\x01\r\n\r\n", /^HTTP\/1.1 400 /],
  ["an idle connection", requestHead("GET", "/health", { Host: "localhost" }), /^HTTP\/1.1 200 /],
];

for (const transport of transports) {
  for (const [what, bytes, answer] of intruders) {
    Deno.test(`${transport} ends ${what} within its timeout`, async () => {
      await using started = await startServer(transport, { limits });
      await using client = await RawClient.connect(started.port);
      await client.write(bytes);
      await until("the end", () => client.isEnded, 3_000);
      assert.match(client.text, answer);
      assert.deepEqual(started.seen.logged, []);
    });
  }

  Deno.test(`${transport} answers a body without length over the bound with 413`, async () => {
    await using started = await startServer(transport, { limits: { ...limits, maxBodyBytes: 100 } });
    await using client = await RawClient.connect(started.port);
    await client.write(requestHead("POST", "/x", { Host: "localhost", "Transfer-Encoding": "chunked" }));
    await client.write(`c8\r\n${"x".repeat(200)}\r\n`);
    await until("the end", () => client.isEnded, 3_000);
    assert.match(client.text, /^HTTP\/1.1 413 /);
  });

  Deno.test(`${transport} bounds a message of endless fragments by the bytes of all together`, async () => {
    await using started = await startServer(transport, { limits });
    await using client = await RawClient.webSocket(started.port);
    await client.write(clientFrame(1, "x".repeat(300), false));
    for (let i = 0; i < 3; i++) await client.write(clientFrame(0, "x".repeat(300), false));
    await until("the end", () => started.seen.closes.length === 1, 3_000);
    assert.deepEqual(started.seen.closes, [[1009, "message too big"]]);
    await until("the descriptor", () => client.isEnded, 3_000);
    assert.deepEqual(started.seen.messages, []);
  });

  Deno.test(`${transport} bounds a message of endless empty fragments`, async () => {
    await using started = await startServer(transport, { limits });
    await using client = await RawClient.webSocket(started.port);
    await client.write(clientFrame(1, "", false));
    const empty = clientFrame(0, "", false);
    const many = new Uint8Array(empty.length * 20_000);
    for (let at = 0; at < many.length; at += empty.length) many.set(empty, at);
    await client.write(many).catch((error) => assert.ok(error instanceof Error));
    await until("the end", () => started.seen.closes.length === 1, 3_000);
    assert.equal(started.server.socketCount, 0);
  });

  Deno.test(`${transport} closes a peer that breaks the protocol and logs nothing`, async () => {
    await using started = await startServer(transport, { limits });
    await using client = await RawClient.webSocket(started.port);
    await client.write(Uint8Array.of(0xff, 0x80, 0, 0, 0, 0));
    await until("the end", () => started.seen.closes.length === 1, 3_000);
    assert.equal(started.seen.closes[0]?.[0], 1002);
    assert.deepEqual(started.seen.logged, []);
  });

  Deno.test(`${transport} shows what a peer does not read as bufferedAmount and frees its descriptor after a close`, async () => {
    await using started = await startServer(transport, { limits });
    await using client = await RawClient.connect(started.port, { isReading: false, hostname: "127.0.0.1" });
    await client.write(upgradeHead());
    await until("the socket", () => started.seen.sockets.length === 1);
    const socket = started.seen.sockets[0];
    assert.ok(socket);
    const large = frame("x".repeat(1_000_000));
    for (let i = 0; i < 20; i++) socket.send(large);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(socket.bufferedAmount > 5_000_000, `bufferedAmount ${socket.bufferedAmount}`);
    socket.close(3_008, "slow");
    await until("the end", () => started.seen.closes.length === 1, 2_000);
    assert.deepEqual(started.seen.closes, [[3_008, "slow"]]);
    assert.equal(started.server.socketCount, 0);
  });

  Deno.test(`${transport} ends a peer that pings and reads nothing`, async () => {
    await using started = await startServer(transport, { limits });
    await using client = await RawClient.connect(started.port, { isReading: false, hostname: "127.0.0.1" });
    await client.write(upgradeHead());
    const ping = clientFrame(9, "x".repeat(125));
    const pings = new Uint8Array(ping.length * 5_000);
    for (let at = 0; at < pings.length; at += ping.length) pings.set(ping, at);
    const flood = (async () => {
      for (let i = 0; i < 200; i++) await client.write(pings);
    })().catch((error) => assert.ok(error instanceof Error));
    await until("the end", () => started.seen.closes.length === 1);
    await flood;
  });

  Deno.test(`${transport} keeps an open WebSocket that is silent longer than every HTTP timeout`, async () => {
    await using started = await startServer(transport, { limits });
    await using client = await RawClient.webSocket(started.port);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await client.write(clientFrame(1, "hello again"));
    await until("the echo", () => client.text.includes("hello again"));
  });

  Deno.test(`${transport} ends the rest of a connection whose peer has ended its half without a close`, async () => {
    await using started = await startServer(transport, { limits });
    const connection = await Deno.connect({ port: started.port });
    await connection.write(new TextEncoder().encode(upgradeHead()));
    await until("the socket", () => started.seen.sockets.length === 1);
    const large = frame("x".repeat(1_000_000));
    for (let i = 0; i < 20; i++) started.seen.sockets[0]?.send(large);
    await connection.closeWrite();
    await until("the end", () => started.seen.closes.length === 1, 3_000);
    connection.close();
    assert.deepEqual(started.seen.closes, [[1006, ""]]);
  });

  Deno.test(`${transport} answers an upgrade to something else with 400 and closes`, async () => {
    await using started = await startServer(transport, { limits });
    await using client = await RawClient.connect(started.port);
    await client.write(
      requestHead("GET", "/x", { Host: "localhost", Connection: "Upgrade", Upgrade: "h2c" }),
    );
    await until("the end", () => client.isEnded);
    assert.match(client.text, /^HTTP\/1.1 400 /);
  });

  Deno.test(`${transport} mixes no bytes of connections that speak at once`, async () => {
    const large = { ...limits, maxMessageBytes: 100_000 };
    await using started = await startServer(transport, { limits: large });
    const clients = await Promise.all(Array.from({ length: 30 }, async (_, n) => {
      const client = new WebSocket(`ws://127.0.0.1:${started.port}/ws`);
      const received: string[] = [];
      client.onmessage = ({ data }) => void received.push(data);
      await inTime("the WebSocket", new Promise((resolve) => client.onopen = resolve));
      return { n, client, received };
    }));
    const said = (n: number, at: number) =>
      `${n}/${at}:${"äx"[n % 2]}`.repeat(1 + (n * 37 + at * 911) % 9_000);
    for (let at = 0; at < 10; at++) for (const { n, client } of clients) client.send(said(n, at));
    await until("all echoes", () => clients.every(({ received }) => received.length === 10));
    for (const { n, received } of clients) {
      assert.ok(received.every((text, at) => text === said(n, at)), `client ${n}`);
    }
    for (const { client } of clients) client.close();
    await until("the ends", () => started.server.socketCount === 0);
  });

  Deno.test(`${transport} answers 503 to connections over the bound and takes new ones when some have gone`, async () => {
    await using started = await startServer(transport, { limits, maxConnections: 6 });
    const head = requestHead("GET", "/health", { Host: "localhost" });
    const held = await Promise.all(Array.from({ length: 5 }, () => RawClient.webSocket(started.port)));
    const extra = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(started.port)));
    await until("a refusal", () => extra.some(({ isEnded }) => isEnded));
    assert.match(extra.find(({ isEnded }) => isEnded)?.text ?? "", /^HTTP\/1.1 503 .*retry-after/s);
    for (const client of [...extra, ...held]) await client[Symbol.asyncDispose]();
    await until("the ends", () => started.server.socketCount === 0);
    assert.equal(await statusOf(started.port, head), 200);
  });

  Deno.test(`${transport} closes gracefully: what is under way is answered, then nobody is`, async () => {
    let answer: (response: Response) => void = () => {};
    const { options } = serverOptions(transport);
    const app = { ...options.app, fetch: () => new Promise<Response>((resolve) => answer = resolve) };
    await using started = await startServer(transport, { limits, app });
    await using idle = await RawClient.connect(started.port);
    await idle.write(requestHead("GET", "/health", { Host: "localhost" }));
    await until("an answer", () => idle.text.includes("200"));
    await using busy = await RawClient.connect(started.port);
    await busy.write(requestHead("GET", "/slow", { Host: "localhost" }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = started.server.close(2_000);
    await until("the idle connection's end", () => idle.isEnded);
    assert.equal(busy.isEnded, false);
    answer(new Response("at last"));
    await until("the answer", () => busy.text.includes("at last"));
    const answeredMs = performance.now();
    await closed;
    assert.ok(performance.now() - answeredMs < 1_000, "it waits for nobody who is idle");
    await assert.rejects(Deno.connect({ port: started.port }), Deno.errors.ConnectionRefused);
  });
}

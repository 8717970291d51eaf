/** What the ws transport does to peers that misbehave on purpose. */
import assert from "node:assert/strict";
import { clientFrame, frame, RawClient, requestHead, serverOptions, startServer, until } from "./http_kit.ts";

const limits = {
  ...serverOptions("ws").options.limits,
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

for (const [what, bytes, answer] of intruders) {
  Deno.test(`ws ends ${what} within its timeout`, async () => {
    await using started = await startServer("ws", { limits });
    await using client = await RawClient.connect(started.port);
    await client.write(bytes);
    await until(() => client.isEnded, "the end", 3_000);
    assert.match(client.text, answer);
    assert.deepEqual(started.seen.logged, []);
  });
}

Deno.test("ws answers a body without length over the bound with 413", async () => {
  await using started = await startServer("ws", { limits: { ...limits, maxBodyBytes: 100 } });
  await using client = await RawClient.connect(started.port);
  await client.write(requestHead("POST", "/x", { Host: "localhost", "Transfer-Encoding": "chunked" }));
  await client.write(`c8\r\n${"x".repeat(200)}\r\n`);
  await until(() => client.isEnded, "the end", 3_000);
  assert.match(client.text, /^HTTP\/1.1 413 /);
});

Deno.test("ws bounds a message of endless fragments by the bytes of all together", async () => {
  await using started = await startServer("ws", { limits });
  await using client = await RawClient.webSocket(started.port);
  await client.write(clientFrame(1, "x".repeat(300), false));
  for (let i = 0; i < 3; i++) await client.write(clientFrame(0, "x".repeat(300), false));
  await until(() => started.seen.closes.length === 1, "the end", 3_000);
  assert.deepEqual(started.seen.closes, [[1009, "message too big"]]);
  await until(() => client.isEnded, "the descriptor", 3_000);
  assert.deepEqual(started.seen.messages, []);
});

Deno.test("ws bounds a message of endless empty fragments", async () => {
  await using started = await startServer("ws", { limits });
  await using client = await RawClient.webSocket(started.port);
  await client.write(clientFrame(1, "", false));
  const empty = clientFrame(0, "", false);
  const many = new Uint8Array(empty.length * 20_000);
  for (let at = 0; at < many.length; at += empty.length) many.set(empty, at);
  await client.write(many).catch((error) => assert.ok(error instanceof Error));
  await until(() => started.seen.closes.length === 1, "the end", 3_000);
  assert.equal(started.server.socketCount, 0);
});

Deno.test("ws closes a peer that breaks the protocol and logs nothing", async () => {
  await using started = await startServer("ws", { limits });
  await using client = await RawClient.webSocket(started.port);
  await client.write(Uint8Array.of(0xff, 0x80, 0, 0, 0, 0));
  await until(() => started.seen.closes.length === 1, "the end", 3_000);
  assert.equal(started.seen.closes[0]?.[0], 1002);
  assert.deepEqual(started.seen.logged, []);
});

Deno.test("ws shows what a peer does not read as bufferedAmount and frees its descriptor after a close", async () => {
  await using started = await startServer("ws", { limits });
  await using client = await RawClient.connect(started.port, { isReading: false, hostname: "127.0.0.1" });
  await client.write(
    requestHead("GET", "/ws", {
      Host: "localhost",
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }),
  );
  await until(() => started.seen.sockets.length === 1, "the socket");
  const socket = started.seen.sockets[0];
  assert.ok(socket);
  const large = frame("x".repeat(1_000_000));
  for (let i = 0; i < 20; i++) socket.send(large);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(socket.bufferedAmount > 5_000_000, `bufferedAmount ${socket.bufferedAmount}`);
  socket.close(3_008, "slow");
  await until(() => started.seen.closes.length === 1, "the end", 2_000);
  assert.deepEqual(started.seen.closes, [[3_008, "slow"]]);
  assert.equal(started.server.socketCount, 0);
});

Deno.test("ws ends a peer that pings and reads nothing", async () => {
  await using started = await startServer("ws", { limits });
  await using client = await RawClient.connect(started.port, { isReading: false, hostname: "127.0.0.1" });
  await client.write(
    requestHead("GET", "/ws", {
      Host: "localhost",
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }),
  );
  const ping = clientFrame(9, "x".repeat(125));
  const pings = new Uint8Array(ping.length * 5_000);
  for (let at = 0; at < pings.length; at += ping.length) pings.set(ping, at);
  const flood = (async () => {
    for (let i = 0; i < 200; i++) await client.write(pings);
  })().catch((error) => assert.ok(error instanceof Error));
  await until(() => started.seen.closes.length === 1, "the end");
  await flood;
});

Deno.test("ws keeps an open WebSocket that is silent longer than every HTTP timeout", async () => {
  await using started = await startServer("ws", { limits });
  await using client = await RawClient.webSocket(started.port);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await client.write(clientFrame(1, "hello again"));
  await until(() => client.text.includes("hello again"), "the echo");
});

Deno.test("ws ends the rest of a connection whose peer has ended its half without a close", async () => {
  await using started = await startServer("ws", { limits });
  const connection = await Deno.connect({ port: started.port });
  await connection.write(new TextEncoder().encode(
    requestHead("GET", "/ws", {
      Host: "localhost",
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }),
  ));
  await until(() => started.seen.sockets.length === 1, "the socket");
  const large = frame("x".repeat(1_000_000));
  for (let i = 0; i < 20; i++) started.seen.sockets[0]?.send(large);
  await connection.closeWrite();
  await until(() => started.seen.closes.length === 1, "the end", 3_000);
  connection.close();
  assert.deepEqual(started.seen.closes, [[1006, ""]]);
});

Deno.test("ws answers an upgrade to something else with 400 and closes", async () => {
  await using started = await startServer("ws", { limits });
  await using client = await RawClient.connect(started.port);
  await client.write(requestHead("GET", "/x", { Host: "localhost", Connection: "Upgrade", Upgrade: "h2c" }));
  await until(() => client.isEnded, "the end");
  assert.match(client.text, /^HTTP\/1.1 400 /);
});

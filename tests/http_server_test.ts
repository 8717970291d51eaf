/** What the transport promises, over real sockets. */
import assert from "node:assert/strict";
import { PortTakenError, serveHttp } from "../src/http/mod.ts";
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

const foreign: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["a foreign page", { Origin: "https://evil.example" }],
  ["an opaque origin", { Origin: "null" }],
  ["DNS rebinding", { Host: "evil.example" }],
  ["a marked proxy", { "X-Forwarded-For": "10.0.0.1" }],
];

for (const transport of transports) {
  for (const [who, headers] of foreign) {
    Deno.test(`${transport} refuses ${who} over HTTP and WebSocket in open mode`, async () => {
      await using started = await startServer(transport);
      for (const path of ["/health", "/stats", "/nowhere"]) {
        assert.equal(
          await statusOf(started.port, requestHead("GET", path, { Host: "localhost", ...headers })),
          403,
          path,
        );
      }
      assert.equal(await statusOf(started.port, upgradeHead("/ws", headers)), 403);
      assert.equal(started.seen.sockets.length, 0);
    });
  }

  Deno.test(`${transport} serves loopback by IPv4 and IPv6, over HTTP and WebSocket`, async () => {
    await using v4 = await startServer(transport);
    await using v6 = await startServer(transport, { hostname: "::1" });
    const own = { Host: `[::1]:${v6.port}`, Origin: "http://[::1]:3000" };
    assert.equal(await statusOf(v4.port, requestHead("GET", "/health", { Host: "127.0.0.1:1" })), 200);
    assert.equal(await statusOf(v6.port, requestHead("GET", "/health", own), "::1"), 200);
    assert.equal(await statusOf(v4.port, upgradeHead()), 101);
    assert.equal(await statusOf(v6.port, upgradeHead("/ws", own), "::1"), 101);
  });

  Deno.test(`${transport} refuses a WebSocket of a foreign origin when there is a key`, async () => {
    await using started = await startServer(transport, {
      access: { isOpen: false, allowedOrigins: ["https://app.example"] },
    });
    const headers = { Host: "shoal.example" };
    assert.equal(
      await statusOf(started.port, upgradeHead("/ws", { ...headers, Origin: "https://evil.example" })),
      403,
    );
    assert.equal(
      await statusOf(started.port, upgradeHead("/ws", { ...headers, Origin: "https://app.example" })),
      101,
    );
  });

  Deno.test(`${transport} answers upgrades that cannot be with 404, 400 and 426`, async () => {
    await using started = await startServer(transport);
    const { port } = started;
    assert.equal(await statusOf(port, upgradeHead("/nowhere")), 404);
    assert.equal(await statusOf(port, upgradeHead("/ws", { "Sec-WebSocket-Key": "" })), 400);
    assert.equal(await statusOf(port, upgradeHead("/ws", { "Sec-WebSocket-Version": "7" })), 426);
    assert.equal(await statusOf(port, upgradeHead("/ws", { "Sec-WebSocket-Version": "" })), 426);
    assert.equal(await statusOf(port, requestHead("GET", "/ws", { Host: "localhost" })), 426);
  });

  Deno.test(`${transport} answers upgrades with 503 while full or draining`, async () => {
    for (const changes of [{ isFull: () => true }, { isDraining: () => true }]) {
      await using started = await startServer(transport, changes);
      assert.equal(await statusOf(started.port, upgradeHead()), 503);
      assert.equal(await statusOf(started.port, requestHead("GET", "/health", { Host: "localhost" })), 200);
    }
  });

  Deno.test(`${transport} answers GET, HEAD, 404 and 405`, async () => {
    await using started = await startServer(transport);
    const base = `http://127.0.0.1:${started.port}`;
    const health = await fetch(`${base}/health?x=1`);
    assert.equal((await health.json()).status, "ok");
    const head = await fetch(`${base}/health`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const missing = await fetch(`${base}/nowhere`);
    assert.deepEqual([missing.status, (await missing.json()).error.code], [404, 404]);
    const wrong = await fetch(`${base}/health`, { method: "POST", body: "x" });
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET, HEAD"]);
    await wrong.body?.cancel();
    const metrics = await fetch(`${base}/metrics`);
    assert.equal((await metrics.text()).length, 500_000);
  });

  Deno.test(`${transport} answers a body over the bound with 413`, async () => {
    const { options } = serverOptions(transport);
    await using started = await startServer(transport, {
      limits: { ...options.limits, maxBodyBytes: 1_000 },
    });
    const head = requestHead("POST", "/nowhere", { Host: "localhost", "Content-Length": "1001" });
    assert.equal(await statusOf(started.port, head), 413);
    const fits = requestHead("POST", "/nowhere", { Host: "localhost", "Content-Length": "3" });
    assert.equal(await statusOf(started.port, `${fits}abc`), 404);
  });

  Deno.test(`${transport} carries text and binary both ways and tells of the close once`, async () => {
    await using started = await startServer(transport);
    const client = new WebSocket(`ws://127.0.0.1:${started.port}/ws?a=1`);
    client.binaryType = "arraybuffer";
    const received: unknown[] = [];
    client.onmessage = (event) => received.push(event.data);
    await inTime("the WebSocket", new Promise((resolve) => client.onopen = resolve));
    client.send("grüße");
    client.send(Uint8Array.of(1, 2, 255));
    await until("both echoes", () => received.length === 2);
    assert.equal(received[0], "grüße");
    assert.deepEqual(received[1], Uint8Array.of(1, 2, 255).buffer);
    assert.equal(started.server.socketCount, 1);
    client.close(4_001, "bye");
    await until(
      "the close",
      () => started.seen.closes.length === 1 && client.readyState === WebSocket.CLOSED,
    );
    assert.deepEqual(started.seen.closes, [[4_001, "bye"]]);
    assert.equal(started.server.socketCount, 0);
  });

  Deno.test(`${transport} sends the close code and a reason cut to 123 bytes, and then does nothing`, async () => {
    await using started = await startServer(transport);
    const client = new WebSocket(`ws://127.0.0.1:${started.port}/ws`);
    const closed = new Promise<CloseEvent>((resolve) => client.onclose = resolve);
    await until("the socket", () => started.seen.sockets.length === 1);
    const socket = started.seen.sockets[0];
    assert.ok(socket);
    socket.close(3_001, "ä".repeat(100));
    socket.close(3_002, "again");
    const { code, reason } = await inTime("the close", closed);
    assert.deepEqual([code, reason], [3_001, "ä".repeat(61)]);
    await until("the close", () => started.seen.closes.length > 0);
    socket.send(frame("late"));
    socket.sendBinary(Uint8Array.of(1));
    socket.close(1_009, "late");
    socket.terminate();
    assert.equal(typeof socket.bufferedAmount, "number");
    assert.deepEqual(started.seen.closes, [[3_001, "ä".repeat(61)]]);
  });

  Deno.test(`${transport} ends the connection, and no other, when its listener throws`, async () => {
    await using started = await startServer(transport);
    await using bystander = await RawClient.webSocket(started.port);
    await using client = await RawClient.webSocket(started.port);
    await client.write(clientFrame(1, "throw"));
    await until("close 3004", () => client.text.includes("internal server error"));
    await bystander.write(clientFrame(1, "still here"));
    await until("the bystander's echo", () => bystander.text.includes("still here"));
    assert.deepEqual(started.seen.logged, ["a socket listener threw"]);
  });

  Deno.test(`${transport} tells its owner of the end when a peer does not answer the close`, async () => {
    await using started = await startServer(transport);
    await using _client = await RawClient.webSocket(started.port);
    await until("the socket", () => started.seen.sockets.length === 1);
    started.seen.sockets[0]?.close(3_008, "slow");
    assert.deepEqual(started.seen.closes, []);
    await until("the end", () => started.seen.closes.length === 1, 2_000);
    assert.deepEqual(started.seen.closes, [[3_008, "slow"]]);
    assert.equal(started.server.socketCount, 0);
  });

  Deno.test(`${transport} hands on nothing that comes after the owner asked for the close`, async () => {
    await using started = await startServer(transport);
    await using client = await RawClient.webSocket(started.port);
    await client.write(clientFrame(1, "before"));
    await until("the first message", () => started.seen.messages.length === 1);
    started.seen.sockets[0]?.close(3_001, "shutdown");
    await client.write(clientFrame(1, "after"));
    await until("the end", () => started.seen.closes.length === 1);
    assert.deepEqual(started.seen.messages, ["before"]);
  });

  Deno.test(`${transport} closes a message over the bound and takes one that just fits`, async () => {
    await using started = await startServer(transport);
    await using client = await RawClient.webSocket(started.port);
    await client.write(clientFrame(1, "x".repeat(1_000)));
    await until("the message that fits", () => started.seen.messages.length === 1);
    await client.write(clientFrame(1, "x".repeat(1_001)));
    const code = 1_009;
    const closeFrame = String.fromCharCode(code >> 8, code & 255);
    await until(`close ${code}`, () => client.text.slice(-40).includes(closeFrame));
    await until("the end", () => started.seen.closes.length === 1);
    assert.equal(started.seen.closes[0]?.[0], code);
    assert.equal(started.seen.messages.length, 1);
  });

  Deno.test(`${transport} resolves each of two close() at once when the last request has been answered`, async () => {
    const { options } = serverOptions(transport);
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: answer, resolve: goOn } = Promise.withResolvers<Response>();
    const app = { ...options.app, fetch: () => (ask(), answer) };
    const server = await serveHttp({ ...options, app });
    await using client = await RawClient.connect(server.addresses()[0]?.port ?? 0);
    await client.write(requestHead("GET", "/slow", { Host: "localhost" }));
    await asked;
    let ended = 0;
    for (let n = 0; n < 2; n++) void server.close(5_000).then(() => ended++);
    goOn(new Response("late"));
    await until("both closes", () => ended === 2);
  });

  Deno.test(`${transport} names a busy port and what to do`, async () => {
    await using started = await startServer(transport);
    const { options } = serverOptions(transport);
    await assert.rejects(serveHttp({ ...options, port: started.port }), (error) => {
      assert.ok(error instanceof PortTakenError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${started.port}.*--port`));
      return true;
    });
  });

  Deno.test(`${transport} shares the shared port and keeps its own to itself`, async () => {
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const sharedPort = free.addr.port;
    free.close();
    await using one = await startServer(transport, { sharedPort });
    await using two = await startServer(transport, { sharedPort });
    assert.deepEqual(one.server.addresses()[1], { hostname: "127.0.0.1", port: sharedPort, isShared: true });
    assert.notEqual(one.port, two.port);
    for (let i = 0; i < 10; i++) assert.equal(await statusOf(sharedPort, upgradeHead()), 101);
  });
}

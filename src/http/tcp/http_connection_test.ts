import assert from "node:assert/strict";
import { jsonAnswer, toResponse } from "../answer.ts";
import { HEALTH, HOST, open, type Route, settled, statuses } from "./scripted_connection.ts";

Deno.test("HttpConnection answers a request however it is cut", async () => {
  const post = `POST /x HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`;
  const chunked = `POST /y HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
  for (const step of [1, 2, 3, 10, 1_000]) {
    const { stream, logged } = open();
    for (const request of [HEALTH, post, chunked, HEALTH]) {
      stream.feed(request, step);
      await settled();
    }
    assert.deepEqual(statuses(stream.sent), ["200", "200", "200", "200"], `step ${step}: ${stream.sent}`);
    assert.equal(stream.sent.match(/"body":"hello"/g)?.length, 2);
    assert.deepEqual(logged, []);
    assert.equal(stream.isEnded, false);
  }
});

Deno.test("HttpConnection answers pipelined requests in their order", async () => {
  const slow: Route = async (request) => {
    if (request.url.endsWith("/slow")) await settled();
    return toResponse(jsonAnswer(200, request.url));
  };
  for (const step of [7, 10_000]) {
    const { stream } = open(slow);
    const get = (path: string) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`;
    stream.feed(`${get("/slow")}${get("/fast")}${HEALTH}${get("/last")}`, step);
    assert.equal(stream.isPaused, true, "the peer waits while a request is under way");
    for (let n = 0; n < 10; n++) await settled();
    const order = [...stream.sent.matchAll(/"(?:http:\/\/localhost(\/\w+)|fine)"/g)].map((match) => match[1]);
    assert.deepEqual(order, ["/slow", "/fast", undefined, "/last"]);
    assert.equal(stream.isPaused, false);
  }
});

Deno.test("HttpConnection makes nothing more for a peer that reads none of its answers", () => {
  const { stream } = open();
  stream.isStuck = true;
  for (let n = 0; n < 20; n++) stream.feed(HEALTH.repeat(1_000));
  assert.ok(stream.pendingBytes < 100_000, `${stream.pendingBytes} bytes`);
  assert.equal(stream.isPaused, true);
});

Deno.test("HttpConnection goes on when such a peer reads at last", () => {
  const { stream } = open();
  stream.isStuck = true;
  stream.feed(HEALTH.repeat(1_000));
  for (let n = 0; n < 10; n++) stream.drain();
  assert.equal(statuses(stream.sent).length, 1_000);
  assert.equal(stream.isPaused, false);
});

/** What is sent, and the statuses that must come back; the connection is ended after the last. */
const smuggled: readonly (readonly [what: string, bytes: string, statuses: string[]])[] = [
  [
    "both lengths",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`,
    ["400"],
  ],
  ["a body behind a refused request", `POST /health HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n${HEALTH}`, [
    "400",
  ]],
  ["a request in an unread body", `GET /health HTTP/1.1\r\n${HOST}Content-Length: 45\r\n\r\n${HEALTH}`, [
    "200",
  ]],
  ["a request in a chunk", `GET /health HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${HEALTH}`, [
    "200",
  ]],
  [
    "a chunk size that lies",
    `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${HEALTH}`,
    ["400"],
  ],
  [
    "a trailer",
    `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n${HEALTH}`,
    ["400"],
  ],
  ["a body over the bound", `POST /x HTTP/1.1\r\n${HOST}Content-Length: 1001\r\n\r\n${HEALTH}`, ["413"]],
  [
    "chunks over the bound",
    `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3e9\r\n${HEALTH}`,
    ["413"],
  ],
  ["a head over the bound", `GET / HTTP/1.1\r\n${HOST}A: ${"b".repeat(2_000)}`, ["431"]],
  [
    "a WebSocket with a body",
    `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 45\r\n\r\n${HEALTH}`,
    ["400"],
  ],
  ["an upgrade to HTTP/2", `GET /x HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n${HEALTH}`, [
    "400",
  ]],
  ["a line end in the target", `GET /x\r\nA: b HTTP/1.1\r\n${HOST}\r\n`, ["400"]],
  ["a request after close", `GET /health HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n${HEALTH}`, ["200"]],
];

for (const [what, bytes, expected] of smuggled) {
  Deno.test(`HttpConnection takes no second request out of ${what}`, async () => {
    for (const step of [1, bytes.length]) {
      const { stream, logged } = open();
      stream.feed(bytes, step);
      await settled();
      stream.feed(HEALTH);
      assert.deepEqual(statuses(stream.sent), expected, stream.sent);
      assert.match(stream.sent, /\r\nconnection: close\r\n/);
      assert.equal(stream.isEnded, true);
      assert.deepEqual(logged, []);
    }
  });
}

Deno.test("HttpConnection asks for the body of a peer that waits, and only when it is wanted", async () => {
  const wanted = open();
  wanted.stream.feed(`POST /x HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
  assert.equal(wanted.stream.sent, "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.stream.feed("ok");
  await settled();
  assert.deepEqual(statuses(wanted.stream.sent), ["100", "200"]);
  const refused = open();
  refused.stream.feed(`POST /x HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n`);
  assert.deepEqual(statuses(refused.stream.sent), ["413"]);
});

Deno.test("HttpConnection answers HEAD as GET, without the body", () => {
  const { stream } = open();
  stream.feed(HEALTH);
  const get = stream.sent;
  stream.sent = "";
  stream.feed(HEALTH.replace("GET", "HEAD"));
  assert.equal(stream.sent, get.slice(0, get.indexOf("\r\n\r\n") + 4));
});

Deno.test("HttpConnection streams a body in chunks, to HTTP/1.0 until the end", async () => {
  const route: Route = () => {
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("one"));
        await settled();
        controller.enqueue(new TextEncoder().encode("two"));
        controller.close();
      },
    });
    return new Response(body, { headers: { "transfer-encoding": "x", connection: "y", "x-own": "z" } });
  };
  const modern = open(route);
  modern.stream.feed(`GET /x HTTP/1.1\r\n${HOST}\r\n`);
  await settled();
  await settled();
  assert.match(modern.stream.sent, /\r\nx-own: z\r\n/);
  assert.match(modern.stream.sent, /\r\ntransfer-encoding: chunked\r\n/);
  assert.doesNotMatch(modern.stream.sent, /: [xy]\r\n/);
  assert.ok(modern.stream.sent.endsWith("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), modern.stream.sent);
  assert.equal(modern.stream.isEnded, false);
  const old = open(route);
  old.stream.feed(`GET /x HTTP/1.0\r\n${HOST}\r\n`);
  await settled();
  await settled();
  assert.ok(old.stream.sent.endsWith("\r\n\r\nonetwo"), old.stream.sent);
  assert.equal(old.stream.isEnded, true);
});

Deno.test("HttpConnection waits with a streamed body until the peer has read", async () => {
  let made = 0;
  const route: Route = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          made++;
          controller.enqueue(new Uint8Array(50_000));
        },
      }),
    );
  const { stream } = open(route);
  stream.isStuck = true;
  stream.feed(`GET /x HTTP/1.1\r\n${HOST}\r\n`);
  for (let n = 0; n < 10; n++) await settled();
  assert.ok(made <= 4, `${made} pieces`);
  stream.drain();
  await settled();
  assert.ok(made > 4);
  stream.destroy();
});

Deno.test("HttpConnection cancels a body and tells its signal when the peer goes away", async () => {
  let isCancelled = false;
  let signal: AbortSignal | undefined;
  const route: Route = (request) => {
    signal = request.signal;
    return new Response(new ReadableStream({ cancel: () => void (isCancelled = true) }));
  };
  const { stream, logged } = open(route);
  stream.feed(`GET /x HTTP/1.1\r\n${HOST}\r\n`);
  await settled();
  stream.peerEnds();
  await settled();
  assert.deepEqual([isCancelled, signal?.aborted], [true, true]);
  assert.deepEqual(logged, []);
});

Deno.test("HttpConnection cuts off an answer whose body fails, so that it does not pass for whole", async () => {
  const route: Route = () =>
    new Response(
      new ReadableStream({ pull: () => Promise.reject(new Error("lost")) }),
      { headers: { "content-length": "5" } },
    );
  const { stream, logged } = open(route);
  stream.feed(`GET /x HTTP/1.1\r\n${HOST}\r\n`);
  await settled();
  assert.equal(stream.isDestroyed, true);
  assert.equal(logged.length, 1);
});

Deno.test("HttpConnection ends the connection after a body of another length than it promised", async () => {
  const { stream } = open(() => new Response("abc", { headers: { "content-length": "5" } }));
  stream.feed(`GET /x HTTP/1.1\r\n${HOST}\r\n`);
  await settled();
  await settled();
  assert.equal(stream.isEnded, true);
});

Deno.test("HttpConnection answers 408 within a request and says nothing between two", () => {
  for (const part of ["", "GET / HT", `POST /x HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nabc`]) {
    const { stream, connection } = open();
    stream.feed(part);
    connection.onDue();
    assert.deepEqual(statuses(stream.sent), ["408"]);
    connection.onDue();
    assert.equal(stream.isDestroyed, true);
  }
  const idle = open();
  idle.stream.feed(HEALTH);
  idle.connection.onDue();
  assert.deepEqual([statuses(idle.stream.sent), idle.stream.isDestroyed], [["200"], true]);
});

Deno.test("HttpConnection keeps the deadline of a head while its bytes trickle in", () => {
  const { stream, connection } = open();
  stream.feed("GET ");
  const { dueMs } = connection;
  stream.feed("/ HTTP/1.1\r\nHost: ", 1);
  assert.equal(connection.dueMs, dueMs);
});

Deno.test("HttpConnection hands a WebSocket on with the frames that came along", async () => {
  const { stream, left, sockets } = open();
  const upgrade = `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  stream.feed(`${upgrade}\x81\x82\0\0\0\0hi`);
  assert.match(stream.sent, /^HTTP\/1\.1 101 .*sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/s);
  assert.ok(stream.sent.endsWith("\r\n\r\n..."), stream.sent);
  assert.equal(left.length, 1);
  assert.equal(sockets.sockets.size, 1);
  stream.destroy();
  await settled();
  assert.equal(sockets.sockets.size, 0);
});

Deno.test("HttpConnection outlives mutated requests: it answers in HTTP or waits, logs nothing, throws nothing", async () => {
  let seed = 31_337;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff) % below;
  const whole =
    `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${HEALTH}` +
    `PUT /y HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc`;
  const spice = ["\r\n", "\n", "\0", " ", ":", "0", "\xff", "Content-Length: 1\r\n", "\r\n\r\n", "\t"];
  for (let round = 0; round < 1_500; round++) {
    let bytes = whole;
    for (let n = random(4); n >= 0; n--) {
      const at = random(bytes.length);
      bytes = bytes.slice(0, at) + (spice[random(spice.length)] ?? "") + bytes.slice(at + random(3));
    }
    const { stream, logged } = open();
    stream.feed(bytes, 1 + random(bytes.length));
    for (let n = 0; n < 3; n++) await settled();
    assert.match(stream.sent, /^(HTTP\/1\.1 \d{3} |$)/, JSON.stringify(bytes));
    assert.deepEqual(logged, [], JSON.stringify(bytes));
    stream.destroy();
  }
});

Deno.test("HttpConnection believes no PROXY header of a peer that is not trusted", () => {
  const { stream } = open();
  stream.feed(`PROXY TCP4 1.2.3.4 10.0.0.2 1 2\r\n${HEALTH}`);
  assert.match(stream.sent, /^HTTP\/1\.1 400 /);
});

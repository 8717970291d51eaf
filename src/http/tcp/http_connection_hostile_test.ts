import assert from "node:assert/strict";
import { jsonAnswer, toResponse } from "../answer.ts";
import { HEALTH, HOST, open, type Route, settled, statuses } from "./scripted_connection.ts";

const GET = `GET /x HTTP/1.1\r\n${HOST}\r\n`;

Deno.test("HttpConnection bounds what comes while a request is under way, and takes it afterwards", async () => {
  const answered = Promise.withResolvers<Response>();
  const { stream } = open(() => answered.promise);
  stream.feed(GET);
  let fed = 0;
  for (; fed < 10_000 && !stream.isPaused; fed++) stream.feed(HEALTH);
  assert.ok(fed * HEALTH.length < 100_000, `${fed * HEALTH.length} bytes were kept`);
  answered.resolve(toResponse(jsonAnswer(200, "late")));
  for (let n = 0; n < 5; n++) await settled();
  assert.equal(statuses(stream.sent).length, fed + 1);
  assert.equal(stream.isPaused, false);
});

Deno.test("HttpConnection answers what was pipelined before its peer ended its half", async () => {
  for (const request of [GET, HEALTH]) {
    const { stream } = open();
    stream.isStuck = request === HEALTH;
    stream.feed(request.repeat(1_000));
    stream.peerEnds();
    for (let n = 0; n < 2_000 && !stream.isDestroyed; n++) {
      await settled();
      stream.drain();
    }
    assert.equal(statuses(stream.sent).length, 1_000);
    assert.equal(stream.isDestroyed, true);
  }
});

Deno.test("HttpConnection reads on in a body when a peer reads its answers at last", async () => {
  const { stream } = open();
  stream.isStuck = true;
  const size = 25 + answerSize(open());
  const post = `POST /x HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`;
  while (stream.pendingBytes + size <= 64 * 1024) stream.feed(HEALTH);
  stream.pendingBytes = 64 * 1024;
  stream.feed(post);
  assert.equal(stream.isPaused, true);
  stream.drain();
  await settled();
  assert.match(stream.sent, /"body":"hello"/);
});

function answerSize({ stream }: ReturnType<typeof open>): number {
  stream.feed(HEALTH);
  return stream.sent.length;
}

Deno.test("HttpConnection ends soon when its last answer waits in the queue of a peer", () => {
  const { stream, connection } = open();
  stream.isStuck = true;
  stream.feed(HEALTH);
  connection.endSoon();
  assert.equal(stream.isDestroyed, false);
  stream.drain();
  assert.equal(stream.isDestroyed, true);
});

Deno.test("HttpConnection that ends answers the request that was on its way, and no further one", () => {
  const fresh = open();
  fresh.connection.endSoon();
  assert.equal(fresh.stream.isDestroyed, false);
  fresh.stream.feed(HEALTH.repeat(2));
  assert.match(fresh.stream.sent, /^HTTP\/1\.1 200 [^]*connection: close/i);
  assert.equal(fresh.stream.sent.match(/HTTP\/1\.1/g)?.length, 1);
  const silent = open();
  silent.connection.endSoon();
  silent.connection.endUnasked();
  const served = open();
  served.stream.feed(HEALTH);
  served.connection.endSoon();
  assert.deepEqual([silent.stream.isDestroyed, served.stream.isDestroyed], [true, true]);
});

Deno.test("HttpConnection outlives a body that rejects its cancel while the peer reads nothing", async () => {
  const rejected: unknown[] = [];
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    rejected.push(event.reason);
  };
  addEventListener("unhandledrejection", onRejection);
  const route: Route = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
        cancel: () => Promise.reject(new Error("cannot cancel")),
      }),
    );
  const { stream } = open(route);
  stream.isStuck = true;
  stream.feed(GET);
  await settled();
  stream.peerEnds();
  for (let n = 0; n < 3; n++) await settled();
  stream.destroy();
  for (let n = 0; n < 3; n++) await settled();
  removeEventListener("unhandledrejection", onRejection);
  assert.deepEqual(rejected, []);
});

Deno.test("HttpConnection routes the path that it was asked for, and no other", async () => {
  const paths: string[] = [];
  const { stream } = open((request) => {
    paths.push(new URL(request.url).pathname);
    return toResponse(jsonAnswer(200, ""));
  });
  const targets = ["/a/b", "//a/b", "/a//b", "/a;b", "/.well-known", "/a..b/c.", "/...", "/a?b=/../c"];
  for (const target of targets) {
    stream.feed(`GET ${target} HTTP/1.1\r\nHost:\r\n\r\n`.replace("Host:", HOST.trim()));
    await settled();
  }
  assert.deepEqual(paths, targets.map((target) => target.split("?")[0]));
});

Deno.test("HttpConnection routes the path of a request with an empty Host as it stands", async () => {
  let url = "";
  const { stream } = open((request) => {
    url = request.url;
    return toResponse(jsonAnswer(200, ""));
  }, { isOpen: false });
  stream.feed("GET /admin/x HTTP/1.1\r\nHost:\r\n\r\n");
  await settled();
  assert.deepEqual([statuses(stream.sent), url], [["200"], "http://localhost/admin/x"]);
});

Deno.test("HttpConnection takes a WebSocket from no HTTP/1.0, and sends it no 100", async () => {
  const upgrade = `GET /ws HTTP/1.0\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const old = open();
  old.stream.feed(upgrade);
  assert.deepEqual(statuses(old.stream.sent), ["400"]);
  assert.equal(old.sockets.sockets.size, 0);
  const waiting = open();
  waiting.stream.feed(`POST /x HTTP/1.0\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok`);
  await settled();
  assert.deepEqual(statuses(waiting.stream.sent), ["200"]);
});

Deno.test("HttpConnection waits for no body whose length is zero, however it is written", async () => {
  const { stream } = open();
  stream.feed(`POST /x HTTP/1.1\r\n${HOST}Content-Length: 000\r\n\r\n`);
  await settled();
  assert.deepEqual(statuses(stream.sent), ["200"]);
});

import assert from "node:assert/strict";
import { silentLogger } from "../../core/log.ts";
import { MemoryHub } from "../../backend/memory/mod.ts";
import { settle } from "../../testing/fake_socket.ts";
import { TestNode, type TestNodeOptions } from "../../testing/test_node.ts";
import { createRouter } from "../app.ts";
import type { AccessPolicy, RequestFacts } from "../access.ts";

const CONNECT = '{"id":1,"connect":{}}';
const PAGE = "https://app.example";
const policy: AccessPolicy = { isOpen: false, allowedOrigins: [PAGE] };

/** The routes of a node in memory. */
class Site implements AsyncDisposable {
  readonly test: TestNode;
  isFull = false;
  isDraining = false;
  readonly #router;

  constructor(options: TestNodeOptions = {}) {
    this.test = new TestNode(options);
    const { node } = this.test;
    const view = {
      health: () => assert.fail(),
      ready: () => assert.fail(),
      stats: () => assert.fail(),
      metrics: () => assert.fail(),
    };
    this.#router = createRouter(view, silentLogger, {
      fallback: {
        access: policy,
        maxMessageBytes: 4_096,
        streamAcceptor: (workspace) => node.streamAcceptor(workspace),
        post: (post, workspace) => node.post(post, workspace),
        isFull: () => this.isFull,
        isDraining: () => this.isDraining,
      },
    });
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const facts: RequestFacts = { remoteAddress: "127.0.0.1", headers: new Headers(init.headers) };
    return await this.#router.request(path, init, facts);
  }

  post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.request(path, { method: "POST", body, headers });
  }

  async stream(path = "/connection/http_stream"): Promise<Stream> {
    return await Stream.open(await this.post(path, CONNECT));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test.node.close();
  }
}

interface Connected {
  readonly session: string;
  readonly node: string;
  readonly client: string;
}

/** A stream that was connected. */
class Stream {
  readonly connect: Connected;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  private constructor(reader: ReadableStreamDefaultReader<Uint8Array>, connect: Connected) {
    this.#reader = reader;
    this.connect = connect;
  }

  static async open(response: Response): Promise<Stream> {
    assert.equal(response.status, 200);
    assert.ok(response.body !== null);
    const reader = response.body.getReader();
    const { connect } = JSON.parse(await textOf(reader));
    return new Stream(reader, connect);
  }

  /** The next piece of the body; "" at its end. */
  async next(): Promise<string> {
    return await textOf(this.#reader);
  }

  /** A post of `data` under this stream's session. */
  body(data: unknown): string {
    const { session, node } = this.connect;
    return JSON.stringify({ session, node, data: typeof data === "string" ? data : JSON.stringify(data) });
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
    await settle();
  }
}

async function textOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return value === undefined ? "" : new TextDecoder().decode(value);
}

const ECHO = { id: 2, rpc: { method: "echo", data: "ü\n" } };

Deno.test("POST /connection/http_stream answers newline-ended replies, with session and node", async () => {
  await using site = new Site();
  const response = await site.post("/connection/http_stream", CONNECT);
  assert.equal(response.headers.get("content-type"), "application/x-ndjson");
  assert.equal(response.headers.get("x-accel-buffering"), "no");
  const reader = response.body?.getReader();
  assert.ok(reader);
  const text = await textOf(reader);
  assert.ok(text.endsWith("}\n"));
  const { id, connect } = JSON.parse(text);
  assert.equal(id, 1);
  assert.equal(connect.node, site.test.node.id);
  assert.match(connect.session, /^[a-z0-5]{26}$/);
  assert.ok(!connect.client.includes(connect.session));
  await reader.cancel();
});

Deno.test("GET /connection/sse answers one event for each frame, whose lines come together again", async () => {
  await using site = new Site();
  const response = await site.request(`/connection/sse?cf_connect=${encodeURIComponent(CONNECT)}`);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body?.getReader();
  assert.ok(reader);
  const first = await textOf(reader);
  assert.match(first, /^data: \{"id":1,"connect":.*\}\n\n$/);
  const { session, node } = JSON.parse(first.slice("data: ".length)).connect;
  const data = `${JSON.stringify(ECHO)}\n${JSON.stringify({ ...ECHO, id: 3 })}`;
  const { status } = await site.post("/emulation", JSON.stringify({ session, node, data }));
  assert.equal(status, 204);
  const [reply, other] = [2, 3].map((id) => `{"id":${id},"rpc":{"data":"ü\\n"}}`);
  assert.equal(await textOf(reader), `data: ${reply}\ndata: ${other}\n\n`);
  await reader.cancel();
});

Deno.test("POST /emulation is handed on to the node that holds the stream", async () => {
  const hub = new MemoryHub();
  await using one = new Site({ hub });
  await using two = new Site({ hub });
  one.test.node.start("one");
  two.test.node.start("two");
  await Promise.all([one.test.node.ready, two.test.node.ready]);
  const stream = await one.stream();
  assert.equal((await two.post("/emulation", stream.body(ECHO))).status, 204);
  assert.equal(await stream.next(), '{"id":2,"rpc":{"data":"ü\\n"}}\n');
  await stream.cancel();
});

Deno.test("POST /emulation answers 404 for a session or a node that is not there", async () => {
  await using site = new Site();
  const { node } = site.test;
  const stream = await site.stream();
  const { session } = stream.connect;
  const data = JSON.stringify(ECHO);
  const wrong = [
    { session: "a".repeat(26), node: node.id, data },
    { session, node: "a".repeat(13), data },
    { session, node: "../../x", data },
    { session: stream.connect.client, node: node.id, data },
    { session: "__proto__", node: node.id, data },
  ];
  for (const post of wrong) {
    const response = await site.post("/emulation", JSON.stringify(post));
    assert.equal(response.status, 404, JSON.stringify(post));
    assert.match((await response.json()).error.message, /^Cannot hand on the commands: /);
  }
  await stream.cancel();
  assert.equal((await site.post("/emulation", stream.body(ECHO))).status, 404);
  assert.equal(node.session.emulation.size, 0);
});

Deno.test("POST /{workspace}/emulation reaches no session of another workspace", async () => {
  await using site = new Site();
  const stream = await site.stream("/tenant-a/connection/http_stream");
  assert.equal((await site.post("/tenant-b/emulation", stream.body(ECHO))).status, 404);
  assert.equal((await site.post("/default/emulation", stream.body(ECHO))).status, 404);
  assert.equal((await site.post("/tenant-a/emulation", stream.body(ECHO))).status, 204);
  assert.match(await stream.next(), /^\{"id":2,/);
  assert.equal((await site.post("/emulation", stream.body(ECHO))).status, 204);
  await stream.cancel();
});

Deno.test("POST /emulation answers 400 and 413 for what is no post, or too large a one", async () => {
  await using site = new Site();
  for (
    const body of ["", "x", "[]", "{}", '{"session":1,"node":"n","data":"d"}', '{"session":"s","node":"n"}']
  ) {
    assert.equal((await site.post("/emulation", body)).status, 400, body);
  }
  const stream = await site.stream();
  assert.equal((await site.post("/emulation", stream.body("x".repeat(4_097)))).status, 413);
  assert.equal((await site.post("/connection/http_stream", "x".repeat(4_097))).status, 413);
  assert.equal((await site.post("/connection/http_stream", "")).status, 400);
  assert.equal((await site.request("/connection/sse")).status, 400);
  await stream.cancel();
});

Deno.test("a stream ends with a push that tells why", async () => {
  await using site = new Site();
  const stream = await site.stream();
  await site.post("/emulation", stream.body('{"id":0,"ping":{}}'));
  assert.equal(
    await stream.next(),
    '{"push":{"disconnect":{"code":3501,"reason":"bad request"}}}\n',
  );
  assert.equal(await stream.next(), "");
  assert.equal(site.test.node.connections, 0);
});

Deno.test("POST /connection/http_stream with anything but a connect ends as a WebSocket would", async () => {
  await using site = new Site();
  const response = await site.post("/connection/http_stream", "not json");
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '{"push":{"disconnect":{"code":3501,"reason":"bad request"}}}\n');
});

Deno.test("a stream whose peer goes away is a client that has left", async () => {
  await using site = new Site();
  const stream = await site.stream();
  assert.equal(site.test.node.connections, 1);
  await stream.cancel();
  assert.equal(site.test.node.connections, 0);
  assert.equal(site.test.node.session.emulation.size, 0);
});

Deno.test("a stream that nobody reads is closed as slow at the bound of its outbox", async () => {
  await using site = new Site({ config: { outboxBytes: 16 * 1024, maxMessageBytes: 4096 } });
  const response = await site.post("/connection/http_stream", CONNECT);
  const { node } = site.test;
  const data = JSON.stringify({ id: 2, rpc: { method: "echo", data: "x".repeat(3_000) } });
  const reader = response.body?.getReader();
  assert.ok(reader);
  const { session } = JSON.parse(await textOf(reader)).connect;
  for (let n = 0; n < 10; n++) {
    await site.post("/emulation", JSON.stringify({ session, node: node.id, data }));
    await settle();
    assert.ok(node.outboxBytes <= 16 * 1024, String(node.outboxBytes));
  }
  assert.equal(node.connections, 0);
  assert.equal(node.traffic.closes.get(3008), 1);
  await reader.cancel();
});

Deno.test("streams are refused with 503 while the node drains or is full", async () => {
  await using site = new Site();
  site.isFull = true;
  assert.equal((await site.post("/connection/http_stream", CONNECT)).status, 503);
  site.isFull = false;
  site.isDraining = true;
  const response = await site.request("/connection/sse?cf_connect={}");
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
});

Deno.test("a page of another origin is let in by preflight and header only where its origin is allowed", async () => {
  await using site = new Site();
  const preflight = (origin: string) =>
    site.request("/emulation", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
  const allowed = await preflight(PAGE);
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get("access-control-allow-origin"), PAGE);
  assert.equal(allowed.headers.get("access-control-allow-headers"), "content-type");
  assert.equal(allowed.headers.get("access-control-allow-credentials"), null);
  const foreign = await preflight("https://evil.example");
  assert.equal(foreign.status, 403);
  assert.equal(foreign.headers.get("access-control-allow-origin"), null);
  const origin = { origin: "https://evil.example" };
  assert.equal((await site.post("/connection/http_stream", CONNECT, origin)).status, 403);
  assert.equal((await site.request("/connection/sse?cf_connect={}", { headers: origin })).status, 403);
  assert.equal((await site.post("/emulation", "{}", origin)).status, 403);
  assert.equal(site.test.node.traffic.connectionsOpened, 0);
  const unknown = await site.post("/emulation", '{"session":"s","node":"n","data":""}', { origin: PAGE });
  assert.equal(unknown.status, 404);
  assert.equal(unknown.headers.get("access-control-allow-origin"), PAGE);
});

Deno.test("other methods get 405 and open nothing, HEAD included", async () => {
  await using site = new Site();
  const query = `?cf_connect=${encodeURIComponent(CONNECT)}`;
  assert.equal((await site.request(`/connection/sse${query}`, { method: "HEAD" })).status, 405);
  assert.equal((await site.request("/connection/http_stream")).status, 405);
  assert.equal((await site.request("/emulation", { method: "PUT" })).status, 405);
  assert.equal((await site.request("/api/connection/http_stream", { method: "POST" })).status, 404);
  assert.equal((await site.request("/A/emulation", { method: "POST" })).status, 404);
  assert.equal(site.test.node.traffic.connectionsOpened, 0);
});

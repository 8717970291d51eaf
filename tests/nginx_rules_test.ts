/** What our nginx lets through and how, in front of upstreams that answer with what reached them. */
import assert from "node:assert/strict";
import { ConsistentHash, stickyKeys } from "../src/testing/consistent_hash.ts";
import {
  nginxDirectory,
  NginxServer,
  type NginxTestOptions,
  selfSigned,
} from "../src/testing/nginx_server.ts";
import { until } from "../src/testing/processes.ts";
import { unusedPorts } from "../src/testing/unused_ports.ts";
import { RawClient, requestHead, upgradeHead } from "./http_kit.ts";

/** What reached an upstream. */
interface Seen {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server that answers with what it saw, or with the status that it is told. */
class Upstream implements AsyncDisposable {
  readonly seen: Seen[] = [];
  status = 200;
  readonly #server: Deno.HttpServer;

  constructor(readonly port: number) {
    this.#server = Deno.serve(
      { port, hostname: "127.0.0.1", onListen() {} },
      (request) => this.#answer(request),
    );
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers);
    const body = await request.text();
    const seen = { port: this.port, method: request.method, path: pathname + search, headers, body };
    this.seen.push(seen);
    return Response.json(seen, { status: this.status });
  }
}

/** An nginx and its upstreams. */
class Front implements AsyncDisposable {
  private constructor(readonly nginx: NginxServer, readonly upstreams: readonly Upstream[]) {}

  static async open(count: number, options: Partial<NginxTestOptions> = {}): Promise<Front> {
    const upstreams = unusedPorts(count).map((port) => new Upstream(port));
    try {
      const servers = upstreams.map(({ address }) => address);
      return new Front(await NginxServer.open({ ...options, servers }), upstreams);
    } catch (error) {
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
      throw error;
    }
  }

  get seen(): readonly Seen[] {
    return this.upstreams.flatMap(({ seen }) => seen);
  }

  /** Asks by `fetch`, on a connection of the pool. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${this.nginx.url}${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
  }

  /** The port of the upstream that answers. */
  async portOf(path: string, init: RequestInit = {}): Promise<number> {
    const seen: Seen = await (await this.ask(path, init)).json();
    return seen.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nginx[Symbol.asyncDispose]();
    for (const upstream of this.upstreams) await upstream[Symbol.asyncDispose]();
  }
}

/** Sends bytes as they are and answers all that comes back until the end of the connection. */
async function exchange(port: number, text: string): Promise<string> {
  await using client = await RawClient.connect(port);
  await client.write(text);
  await until("the connection ends", () => client.isEnded, 5_000);
  return client.text;
}

Deno.test("nginx says who the client is in its own words, whatever the client says", async () => {
  await using front = await Front.open(1);
  const lies = {
    "x-forwarded-for": "8.8.8.8",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
    "x-forwarded-port": "443",
    "x-forwarded-server": "evil.example",
    "x-forwarded-user": "root",
    "x-forwarded-prefix": "/admin",
    "x-forwarded-ssl": "on",
    "x-forwarded-scheme": "https",
    "x-real-ip": "8.8.8.8",
    "x-original-url": "/admin",
    "x-rewrite-url": "/admin",
    "x-request-id": "mine",
    forwarded: "for=8.8.8.8",
    via: "1.1 evil",
    proxy: "http://evil.example",
    x_forwarded_for: "8.8.8.8",
  };
  const head = requestHead("GET", "/health", { Host: "app.example:8000", Connection: "close", ...lies });
  assert.match(await exchange(front.nginx.port, head), /^HTTP\/1\.1 200 /);
  const { headers = {} } = front.seen[0] ?? {};
  const { "x-request-id": requestId, ...others } = headers;
  assert.match(requestId ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual(others, {
    host: "app.example:8000",
    "x-real-ip": "127.0.0.1",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "app.example:8000",
  });
});

Deno.test("nginx refuses requests of two lengths, and heads that two readers may read differently", async () => {
  await using front = await Front.open(1);
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  const post = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  const requests = [
    `${post}Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
    `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`,
    `GET / HTTP/1.1\r\nConnection: close\r\n\r\n`,
  ];
  for (const request of requests) {
    assert.match(await exchange(front.nginx.port, request), /^HTTP\/1\.1 (?:400|501) /, request);
  }
  assert.deepEqual(front.seen, []);
});

Deno.test("nginx passes on no upgrade but WebSocket's", async () => {
  await using front = await Front.open(1);
  const h2c = {
    Host: "x",
    Connection: "Upgrade, HTTP2-Settings",
    Upgrade: "h2c",
    "HTTP2-Settings": "AAMAAABk",
  };
  await exchange(front.nginx.port, requestHead("GET", "/", { ...h2c, Connection: "close, Upgrade" }));
  assert.equal(front.seen.length, 1);
  assert.equal(front.seen[0]?.headers["upgrade"], undefined);
  assert.equal(front.seen[0]?.headers["connection"], undefined);
});

Deno.test("nginx publishes no metrics, stats or administration, however the path is written", async () => {
  await using front = await Front.open(1);
  const paths = [
    "/metrics",
    "/stats",
    "/admin/drain",
    "/metrics/",
    "//metrics",
    "/x/../metrics",
    "/%6detrics",
  ];
  for (const path of [...paths, "/metrics?x=1", "/./stats", "/ADMIN", "/metrics%2f"]) {
    for (const method of ["GET", "POST"]) {
      const more = { Host: "x", Connection: "close", "Idempotency-Key": "k", "Content-Length": "0" };
      assert.match(
        await exchange(front.nginx.port, requestHead(method, path, more)),
        /^HTTP\/1\.1 404 /,
        `${method} ${path}`,
      );
    }
  }
  assert.deepEqual(front.seen, []);
  assert.equal((await front.ask("/metricsx")).status, 200);
});

Deno.test("nginx tells its state to this machine, and not through a further proxy", async () => {
  await using front = await Front.open(1);
  const response = await front.ask("/nginx_status");
  assert.equal(response.status, 200);
  assert.match(await response.text(), /^Active connections: \d+/);
  const head = requestHead("GET", "/nginx_status", {
    Host: "x",
    Connection: "close",
    "X-Forwarded-For": "0",
  });
  assert.match(await exchange(front.nginx.port, head), /^HTTP\/1\.1 404 /);
});

Deno.test("nginx gives a cookie once, and by it the same upstream each time", async () => {
  await using front = await Front.open(5);
  for (let client = 0; client < 10; client++) {
    const first = await front.ask("/");
    const { port }: Seen = await first.json();
    const given = first.headers.get("set-cookie") ?? "";
    assert.match(given, /^shoal_sticky=[0-9a-f]{32}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/);
    const cookie = given.split(";")[0] ?? "";
    for (let visit = 0; visit < 5; visit++) {
      const again = await front.ask("/", { headers: { cookie } });
      assert.equal(again.headers.get("set-cookie"), null);
      assert.equal(((await again.json()) as Seen).port, port);
    }
  }
});

Deno.test("nginx gives the cookie with the 101 of an upgrade, and with an error", async () => {
  await using front = await Front.open(1);
  const [upstream] = front.upstreams;
  assert.ok(upstream);
  upstream.status = 426;
  const head = upgradeHead("/connection/websocket", { Connection: "close, Upgrade" });
  assert.match(
    await exchange(front.nginx.port, head),
    /^HTTP\/1\.1 426 [\s\S]*\r\nSet-Cookie: shoal_sticky=/,
  );
  assert.equal(upstream.seen[0]?.headers["upgrade"], "websocket");
  assert.equal(upstream.seen[0]?.headers["connection"], "upgrade");
});

Deno.test("nginx replaces a cookie that it has not given", async () => {
  await using front = await Front.open(1);
  for (const value of ["x", "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF", ""]) {
    const response = await front.ask("/", { headers: { cookie: `shoal_sticky=${value}` } });
    await response.body?.cancel();
    assert.match(response.headers.get("set-cookie") ?? "", /^shoal_sticky=[0-9a-f]{32};/);
  }
});

for (const sticky of ["cookie", "token"] as const) {
  Deno.test(`nginx --sticky ${sticky} keeps clients without cookies by ?sticky= and Authorization`, async () => {
    await using front = await Front.open(5, { sticky });
    const ports = new Set<number>();
    for (let user = 0; user < 10; user++) {
      const path = `/connection/websocket?sticky=u${user}`;
      const authorization = `Bearer u${user}`;
      const port = await front.portOf(path);
      const byToken = await front.portOf("/", { headers: { authorization } });
      for (let visit = 0; visit < 3; visit++) {
        assert.equal(await front.portOf(path), port);
        assert.equal(await front.portOf("/x/services/s/f", { headers: { authorization } }), byToken);
      }
      ports.add(port);
    }
    assert.ok(ports.size > 1, "all users are on one upstream");
    const response = await front.ask("/?sticky=u1");
    await response.body?.cancel();
    assert.equal(response.headers.get("set-cookie"), null);
  });
}

Deno.test("nginx --sticky ip_hash keeps an address on one upstream", async () => {
  await using front = await Front.open(5, { sticky: "ip_hash" });
  const ports = new Set<number>();
  for (let visit = 0; visit < 20; visit++) ports.add(await front.portOf(`/?sticky=u${visit}`));
  assert.equal(ports.size, 1);
});

Deno.test("nginx sends each of 12,000 keys where the consistent hash says, over twelve upstreams", async () => {
  await using front = await Front.open(12);
  const servers = front.upstreams.map(({ address }) => address);
  const ring = new ConsistentHash(servers, 4);
  const keys = stickyKeys(12_000, 1);
  const wrong: string[] = [];
  const rest = keys.values();
  await Promise.all(Array.from({ length: 64 }, async () => {
    for (const key of rest) {
      const port = await front.portOf("/", { headers: { cookie: `shoal_sticky=${key}` } });
      if (`127.0.0.1:${port}` !== ring.serverOf(key)) wrong.push(key);
    }
  }));
  assert.equal(wrong.length, 0, `${wrong.length} keys went elsewhere, such as ${wrong[0]}`);
  const counts = front.upstreams.map(({ seen }) => seen.length);
  assert.equal(counts.reduce((sum, count) => sum + count), 12_000);
  const ratio = Math.max(...counts) / Math.min(...counts);
  console.log(`measured: largest share ${ratio.toFixed(3)} times the smallest: ${counts.join(", ")}`);
  assert.ok(ratio <= 1.5);
});

Deno.test("nginx asks a second upstream when the first is gone or drains, and a POST only with a key", async () => {
  await using front = await Front.open(2);
  const [first, second] = front.upstreams;
  assert.ok(first && second);
  const path = "/?sticky=a";
  const home = await front.portOf(path) === first.port ? first : second;
  const other = home === first ? second : first;
  home.status = 503;
  const status = async (init: RequestInit, to = path) => {
    const response = await front.ask(to, init);
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status({ method: "POST", body: "once" }), 503);
  assert.equal(other.seen.length, 0);
  const keyed = { method: "POST", body: "twice is as good", headers: { "idempotency-key": "k1" } };
  assert.equal(await status(keyed), 200);
  assert.equal(other.seen[0]?.body, "twice is as good");
  assert.equal(other.seen[0]?.method, "POST");
  assert.equal(await status({}), 200);
  for (let request = 0; request < 10; request++) assert.equal(await status({}), 200);
  // However often it failed, no mark is left: it has its clients again with its first good answer.
  home.status = 200;
  assert.equal(await front.portOf(path), home.port);
  const line = front.nginx.accessLines().findLast(({ upstream_status }) => upstream_status === "503, 200");
  assert.equal(line?.upstream, `${home.address}, ${other.address}`);
});

Deno.test("nginx goes round an upstream that is gone, at the first request, a POST included", async () => {
  for (const method of ["GET", "POST"]) {
    await using front = await Front.open(2);
    const path = "/?sticky=a";
    const port = await front.portOf(path);
    const [home, other] = [...front.upstreams].sort((one) => one.port === port ? -1 : 1);
    await home?.[Symbol.asyncDispose]();
    for (let request = 0; request < 5; request++) {
      assert.equal(await front.portOf(path, { method }), other?.port);
    }
  }
});

Deno.test("nginx opens a stream on a second upstream when the first drains", async () => {
  for (const path of ["/connection/http_stream", "/acme/connection/http_stream"]) {
    await using front = await Front.open(2);
    for (const upstream of front.upstreams) upstream.status = 503;
    const response = await front.ask(`${path}?sticky=a`, { method: "POST", body: "{}" });
    await response.body?.cancel();
    assert.equal(front.seen.length, 2, path);
  }
});

Deno.test("nginx logs one JSON line a request, with upstream and request id, without the query", async () => {
  await using front = await Front.open(1);
  await (await front.ask("/apps/%22quoted%22?token=secret")).body?.cancel();
  await until("the line is there", () => front.nginx.accessLines().length > 0, 2_000);
  const [line] = front.nginx.accessLines();
  assert.equal(line?.path, '/apps/"quoted"');
  assert.equal(line.request_id, front.seen[0]?.headers["x-request-id"]);
  assert.equal(line.upstream, front.upstreams[0]?.address);
  assert.equal(line.status, "200");
  assert.equal(front.nginx.process.text.includes("secret"), false);
});

Deno.test("nginx bounds bodies as the nodes do", async () => {
  await using front = await Front.open(1, { maxBodyBytes: 1024 });
  const response = await front.ask("/", { method: "POST", body: "x".repeat(1025) });
  await response.body?.cancel();
  assert.equal(response.status, 413);
  assert.deepEqual(front.seen, []);
});

Deno.test("nginx with TLS serves its name by TLS 1.2 and 1.3 only, with HSTS, and sends plain HTTP there", async () => {
  const directory = await nginxDirectory();
  try {
    const [redirectPort = 0] = unusedPorts(1);
    const tls = await selfSigned(directory);
    await using front = await Front.open(1, { tls, serverName: "localhost", redirectPort });
    const { port } = front.nginx;
    const client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(tls.certificate)] });
    const response = await fetch(`https://localhost:${port}/health`, { client });
    const seen: Seen = await response.json();
    client.close();
    assert.equal(response.headers.get("strict-transport-security"), "max-age=63072000");
    assert.match(response.headers.get("set-cookie") ?? "", /; Secure$/);
    assert.equal(seen.headers["x-forwarded-proto"], "https");
    const redirect = await fetch(`http://localhost:${redirectPort}/a?b=c`, { redirect: "manual" });
    await redirect.body?.cancel();
    assert.equal(redirect.status, 308);
    assert.equal(redirect.headers.get("location"), `https://localhost:${port}/a?b=c`);
    assert.equal(await handshakes(port, "localhost", "-tls1_2"), true);
    assert.equal(await handshakes(port, "localhost", "-tls1_3"), true);
    assert.equal(await handshakes(port, "localhost", "-tls1_1"), false);
    assert.equal(await handshakes(port, "other.example", "-tls1_3"), false);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("nginx bounds what one client address may ask, and this machine is exempt", async () => {
  await using front = await Front.open(1, { requestsPerAddress: 1 });
  const near = await Promise.all(Array.from({ length: 30 }, () => front.ask("/")));
  for (const response of near) await response.body?.cancel();
  assert.deepEqual(new Set(near.map(({ status }) => status)), new Set([200]));
  const { stdout } = await new Deno.Command("curl", {
    args: [
      "-s",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}\n",
      "--interface",
      "127.0.0.2",
      `${front.nginx.url}/[1-30]`,
    ],
  }).output();
  const far = new TextDecoder().decode(stdout).trim().split("\n");
  assert.equal(far.filter((status) => status === "200").length, 11, "the burst of ten and the one");
  assert.equal(far.filter((status) => status === "429").length, 19);
});

/** True when OpenSSL's client shakes hands. */
async function handshakes(port: number, name: string, version: string): Promise<boolean> {
  const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", name, version];
  // The lowest level of security still knows TLS 1.1: the refusal has to be nginx's.
  const { stdout } = await new Deno.Command("openssl", {
    args: [...args, "-cipher", "DEFAULT:@SECLEVEL=0"],
    stdin: "null",
    stderr: "null",
  }).output();
  return /Cipher is (?!\(NONE\))/.test(new TextDecoder().decode(stdout));
}

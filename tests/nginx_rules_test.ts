/** What our nginx lets through and how, in front of upstreams that answer with what reached them. */
import assert from "node:assert/strict";
import { nginxDirectory, selfSigned } from "../src/testing/nginx_server.ts";
import { unusedPorts } from "../src/testing/unused_ports.ts";
import { until } from "../src/testing/waiting.ts";
import { requestHead } from "./http_kit.ts";
import { exchange, Front, type Seen } from "./nginx_kit.ts";

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

/** Which upstream our nginx sends a request to, and when it asks another. */
import assert from "node:assert/strict";
import { ConsistentHash, stickyKeys } from "../src/testing/consistent_hash.ts";
import { upgradeHead } from "./http_kit.ts";
import { exchange, Front, type Seen } from "./nginx_kit.ts";

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

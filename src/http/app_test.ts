import assert from "node:assert/strict";
import { ClientError } from "../core/errors.ts";
import { type LogFields, silentLogger } from "../core/log.ts";
import { anonymous, type ServiceDoor } from "../server/mod.ts";
import { createHttpApp, createRouter } from "./app.ts";
import type { NodeView } from "./node_view.ts";

const local = { remoteAddress: "127.0.0.1", headers: new Headers() };
const remote = { remoteAddress: "10.0.0.1", headers: new Headers() };
const stats = {
  node: "n1",
  address: "127.0.0.1:8080",
  connections: 1,
  messages_in_per_s: 2,
  messages_out_per_s: 3,
  lag_ms: 0,
  rss_bytes: 4,
  cpu_percent: 5,
};

function nodeView(changes: Partial<NodeView> = {}): NodeView {
  return {
    health: () => ({
      status: "ok",
      node: "n1",
      version: "0.1.0",
      uptime_s: 1,
      connections: 2,
      channels: 3,
      backend: { kind: "memory", state: "ready", latency_ms: 0 },
      draining: false,
    }),
    ready: () => ({ ready: true }),
    stats: () => Promise.resolve({ node: stats, cluster: { nodes: [stats] } }),
    metrics: () => Promise.resolve({ contentType: "text/plain; version=0.0.4", body: "shoal_up 1\n" }),
    ...changes,
  };
}

/** Nobody offers anything. */
const services: ServiceDoor = {
  admit: (workspace) =>
    Promise.resolve({ workspace, isGuest: false, identity: anonymous(workspace, true), hasKey: false }),
  list: () => Promise.resolve([]),
  get: () => Promise.reject(new ClientError("notFound")),
  describe: () => Promise.reject(new ClientError("notFound")),
  call: () => Promise.reject(new ClientError("notFound")),
  open: () => Promise.reject(new ClientError("notFound")),
};

function router(changes?: Partial<NodeView>) {
  return createRouter(nodeView(changes), silentLogger, { services });
}

const notReady = { ready: () => ({ ready: false, cause: "draining" }) };

Deno.test("GET /health says 200 exactly when the node is ready", async () => {
  const ready = await router().request("/health", {}, local);
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), nodeView().health());
  assert.equal((await router(notReady).request("/health", {}, local)).status, 503);
});

Deno.test("GET /health/ready names the cause and /health/live is 200 all the same", async () => {
  const ready = await router(notReady).request("/health/ready", {}, local);
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), { ready: false, cause: "draining" });
  assert.equal((await router(notReady).request("/health/live", {}, local)).status, 200);
});

Deno.test("probe() and the router give the same answers", async () => {
  const app = createHttpApp(nodeView(notReady), silentLogger);
  for (const path of ["/health", "/health/live", "/health/ready"]) {
    const routed = await app.fetch(new Request(`http://localhost${path}`), local);
    const probed = app.probe(path);
    assert.equal(probed?.status, routed.status, path);
    assert.equal(probed?.body, await routed.text(), path);
    assert.equal(probed?.headers["content-type"], routed.headers.get("content-type"), path);
  }
  assert.equal(app.probe("/stats"), undefined);
});

Deno.test("HEAD answers as GET does, without a body", async () => {
  for (const path of ["/health", "/stats", "/metrics", "/default/services"]) {
    const response = await router().request(path, { method: "HEAD" }, local);
    assert.equal(response.status, 200, path);
    assert.equal(await response.text(), "", path);
  }
});

Deno.test("GET /stats and /metrics answer local peers", async () => {
  const statsResponse = await router().request("/stats", {}, local);
  assert.deepEqual(await statsResponse.json(), { node: stats, cluster: { nodes: [stats] } });
  const metricsResponse = await router().request("/metrics", {}, local);
  assert.equal(metricsResponse.headers.get("content-type"), "text/plain; version=0.0.4");
  assert.equal(await metricsResponse.text(), "shoal_up 1\n");
});

Deno.test("GET /stats and /metrics say 403 to remote peers and behind a proxy", async () => {
  const proxied = { ...local, headers: new Headers({ "x-forwarded-for": "10.0.0.1" }) };
  for (const path of ["/stats", "/metrics"]) {
    assert.equal((await router().request(path, {}, remote)).status, 403, path);
    assert.equal((await router().request(path, {}, proxied)).status, 403, path);
  }
});

Deno.test("GET /stats and /metrics of an insecure node answer remote peers, and nobody behind a proxy", async () => {
  const insecure = createRouter(nodeView(), silentLogger, { isInsecure: true });
  for (const path of ["/stats", "/metrics"]) {
    assert.equal((await insecure.request(path, {}, remote)).status, 200);
    const proxied = { ...remote, headers: new Headers({ "x-forwarded-for": "1.2.3.4" }) };
    assert.equal((await insecure.request(path, {}, proxied)).status, 403);
  }
});

Deno.test("GET /stats says 503 with Retry-After when the backend does not answer", async () => {
  const response = await router({ stats: () => Promise.reject(new Error("down")) }).request(
    "/stats",
    {},
    local,
  );
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
});

Deno.test("GET /{workspace}/services is an empty list and a service in it 404", async () => {
  const list = await router().request("/my-space/services", {}, local);
  assert.deepEqual([list.status, await list.json()], [200, []]);
  const service = await router().request("/my-space/services/sum", {}, local);
  assert.equal(service.status, 404);
  assert.deepEqual((await service.json()).error.code, 404);
});

Deno.test("GET /{workspace}/services is 404 for reserved and malformed workspaces", async () => {
  for (const workspace of ["api", "connection", "health", "UPPER", "a_b", "x".repeat(65)]) {
    assert.equal((await router().request(`/${workspace}/services`, {}, local)).status, 404, workspace);
  }
});

Deno.test("unknown paths are 404 and other methods 405 with Allow, as JSON", async () => {
  const missing = await router().request("/nowhere", {}, local);
  assert.equal(missing.status, 404);
  assert.equal((await missing.json()).error.code, 404);
  for (const path of ["/health", "/stats", "/default/services", "/default/services/sum"]) {
    const wrong = await router().request(path, { method: "DELETE" }, local);
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET, HEAD"], path);
    assert.equal((await wrong.json()).error.code, 405, path);
  }
});

Deno.test("a route that throws is 500 as JSON and tells nothing of the cause", async () => {
  const response = await router({ metrics: () => Promise.reject(new Error("secret")) }).request(
    "/metrics",
    {},
    local,
  );
  const text = await response.text();
  assert.equal(response.status, 500);
  assert.equal(JSON.parse(text).error.code, 500);
  assert.ok(!text.includes("secret"), text);
});

Deno.test("a route that fails answers 500 with the id under which its cause is logged", async () => {
  const records: unknown[] = [];
  const log = { ...silentLogger, error: (_message: string, fields?: LogFields) => void records.push(fields) };
  const broken = nodeView({ metrics: () => Promise.reject(new Error("boom")) });
  const fromProxy = { ...local, headers: new Headers({ "x-request-id": "abc-123" }) };
  const hostile = { ...local, headers: new Headers({ "x-request-id": "a b\tc" }) };
  const answers = [fromProxy, hostile].map((env) => createRouter(broken, log).request("/metrics", {}, env));
  const ids = (await Promise.all(answers)).map((answer) => answer.headers.get("x-request-id"));
  assert.equal(ids[0], "abc-123");
  assert.match(ids[1] ?? "", /^[a-z0-5]{16}$/);
  assert.deepEqual(
    records.map((fields) => JSON.parse(JSON.stringify(fields))),
    ids.map((request) => ({ request, method: "GET", path: "/metrics", error: {} })),
  );
});

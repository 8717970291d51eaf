import assert from "node:assert/strict";
import { Hono } from "hono";
import { silentLogger } from "../../core/log.ts";
import type { RequestFacts } from "../access.ts";
import { adminRoutes } from "./admin.ts";
import type { HttpEnv } from "./route.ts";

const facts: RequestFacts = { remoteAddress: "127.0.0.1", headers: new Headers() };

/** The routes of a node with 7 clients, and how often it was told to drain. */
function routesFor(isAllowed: boolean) {
  const app = new Hono<HttpEnv>();
  const calls = { drains: 0 };
  const node = { drain: () => void calls.drains++, connections: 7 };
  adminRoutes(app, { node, mayAdmin: () => isAllowed }, silentLogger);
  return { app, calls };
}

Deno.test("POST /admin/drain starts the drain and says how many clients are left", async () => {
  const { app, calls } = routesFor(true);
  const response = await app.request("/admin/drain", { method: "POST" }, facts);
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { draining: true, connections: 7 });
  assert.equal(calls.drains, 1);
});

Deno.test("POST /admin/drain is refused to whoever may not, and does nothing", async () => {
  const { app, calls } = routesFor(false);
  const response = await app.request("/admin/drain", { method: "POST" }, facts);
  assert.equal(response.status, 403);
  assert.match(await response.text(), /API key that has the method admin/);
  assert.equal(calls.drains, 0);
});

Deno.test("GET /admin/drain changes nothing and names the method", async () => {
  const { app, calls } = routesFor(true);
  const response = await app.request("/admin/drain", {}, facts);
  assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
  assert.equal(calls.drains, 0);
});

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
  const calls = { drains: 0, levels: new Array<string>() };
  const setLogLevel = (level: string) => {
    if (level === "loud") throw new RangeError("want one of a, b");
    if (level === "own") throw new TypeError("this node logs elsewhere");
    calls.levels.push(level);
  };
  const node = { drain: () => void calls.drains++, setLogLevel, connections: 7 };
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

function levelRequest(body: string) {
  return { method: "POST", body };
}

Deno.test("POST /admin/log_level changes the level, and says 400 or 409 when it cannot", async () => {
  const { app, calls } = routesFor(true);
  const done = await app.request("/admin/log_level", levelRequest('{"level":"debug"}'), facts);
  assert.deepEqual([done.status, await done.json()], [200, { level: "debug" }]);
  const wrong = [["", 400], ["null", 400], ['{"level":1}', 400], [
    `{"level":"${"x".repeat(17)}"}`,
    400,
  ]] as const;
  for (const [body, status] of [...wrong, ['{"level":"loud"}', 400], ['{"level":"own"}', 409]] as const) {
    const response = await app.request("/admin/log_level", levelRequest(body), facts);
    assert.equal(response.status, status, body);
  }
  assert.deepEqual(calls.levels, ["debug"]);
});

Deno.test("POST /admin/log_level is refused to whoever may not, and GET changes nothing", async () => {
  const { app, calls } = routesFor(false);
  assert.equal((await app.request("/admin/log_level", levelRequest('{"level":"debug"}'), facts)).status, 403);
  assert.equal((await app.request("/admin/log_level", {}, facts)).status, 405);
  assert.deepEqual(calls.levels, []);
});

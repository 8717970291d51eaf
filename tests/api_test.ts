/** The server API over HTTP, on two nodes with clients, held to the OpenAPI document that a node serves. */
import { Validator } from "@cfworker/json-schema";
import assert from "node:assert/strict";
import { silentLogger } from "../src/core/log.ts";
import { createNode, type NodeCreation, type ShoalNode } from "../src/mod.ts";
import { apiMethods } from "../src/protocol/api/methods.ts";
import { mintToken } from "../src/server/mod.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { until } from "../src/testing/waiting.ts";
import { openPair } from "./node_pair.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const KEY = "all-of-default-".padEnd(40, "x");
const EVERYWHERE = "everywhere-".padEnd(40, "x");
const NARROW = "only-publish-in-b-".padEnd(40, "x");
const OPERATOR = "operator-".padEnd(40, "x");

const apiKeys = [
  { name: "backend", key: KEY },
  { name: "everywhere", key: EVERYWHERE, workspaces: ["*"] },
  { name: "narrow", key: NARROW, workspaces: ["b", "c"], methods: ["publish", "batch"] },
  { name: "operator", key: OPERATOR, methods: ["admin", "metrics"] },
];

const creation: NodeCreation = {
  tokenHmacSecret: SECRET,
  maxBodyBytes: 64 * 1024,
  apiKeys,
  channel: { allowSubscribeForClient: true },
  namespaces: [{
    name: "durable",
    allowSubscribeForClient: true,
    historySize: 100,
    historyTtl: 60,
    presence: true,
  }],
};

interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- what a test looks into is whatever JSON came
  readonly body: any;
}

async function post(
  node: ShoalNode,
  method: string,
  request: unknown,
  headers: Record<string, string> = { "x-api-key": KEY },
): Promise<Answer> {
  const body = typeof request === "string" ? request : JSON.stringify(request);
  const response = await fetch(
    `http://${node.address}${method.startsWith("/") ? method : `/api/${method}`}`,
    {
      method: "POST",
      headers: { connection: "close", ...headers },
      body,
    },
  );
  return { status: response.status, body: await response.json() };
}

async function join(node: ShoalNode, user: string, workspace?: string): Promise<SdkClient> {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = { user, issuedAtS: nowS, expiresAtS: nowS + 600, ...(workspace ? { workspace } : {}) };
  return await SdkClient.open(node.url, { token: await mintToken(claims, SECRET) });
}

/** Checks an answer of `method` against the document; a reference within the document is put in its place. */
function checkAnswer(document: Answer["body"], method: string, body: unknown): void {
  const { schema } = document.paths[`/api/${method}`].post.responses[200].content["application/json"];
  const text = JSON.stringify(schema).replaceAll(
    '{"$ref":"#/components/schemas/Error"}',
    JSON.stringify(document.components.schemas.Error),
  );
  const { valid, errors } = new Validator(JSON.parse(text), "2020-12", false).validate(body);
  assert.ok(valid, `${method}: ${JSON.stringify(body)}: ${JSON.stringify(errors)}`);
}

/** Every method does what it says, and answers what the document says. */
async function useAll(one: ShoalNode, two: ShoalNode): Promise<void> {
  const document = await (await fetch(`http://${one.address}/api/openapi.json`)).json();
  const asked = new Set<string>();
  const ask = async (method: string, request: unknown): Promise<Answer["body"]> => {
    asked.add(method);
    const { status, body } = await post(one, method, request);
    assert.equal(status, 200, method);
    checkAnswer(document, method, body);
    assert.ok(body.error === undefined, `${method}: ${JSON.stringify(body)}`);
    return body.result;
  };
  using alice = await join(two, "alice");
  using again = await join(one, "alice");
  const client = alice.ids[0];
  const messages: unknown[] = [];
  alice.centrifuge.on("message", ({ data }) => messages.push(data));

  const room = await alice.subscribe("durable:room");
  const big =
    '{"channel":"durable:room","data":{"id":12345678901234567890},"tags":{"a":"b"},"idempotency_key":"k"}';
  const first = await ask("publish", big);
  assert.equal(first.offset, 1);
  assert.deepEqual(await ask("publish", big), first);
  assert.deepEqual(await ask("publish", { channel: "plain", data: null }), {});
  const many = await ask("broadcast", { channels: ["durable:room", "plain", "unknown:x"], data: [2] });
  assert.deepEqual(many.responses.map((each: { error?: { code: number } }) => each.error?.code), [
    undefined,
    undefined,
    102,
  ]);
  await room.received((data) => Array.isArray(data));
  assert.equal(room.publications.length, 2);
  const page = await ask("history", { channel: "durable:room", limit: 10 });
  assert.deepEqual(page.publications.map((each: { offset: number }) => each.offset), [1, 2]);
  assert.equal(page.epoch, first.epoch);
  assert.deepEqual(page.publications[0].tags, { a: "b" });
  await ask("history_remove", { channel: "durable:room" });
  assert.deepEqual((await ask("history", { channel: "durable:room", limit: -1 })).publications, []);

  assert.deepEqual(await ask("presence_stats", { channel: "durable:room" }), {
    num_clients: 1,
    num_users: 1,
  });
  const { presence } = await ask("presence", { channel: "durable:room" });
  assert.deepEqual(presence, { [client ?? ""]: { user: "alice", client } });
  assert.deepEqual(await ask("subscribe", { user: "alice", channel: "news" }), { connections: 2 });
  const listed = await ask("channels", { pattern: "n*s" });
  assert.deepEqual(listed, { channels: { news: { num_clients: 2 } } });
  assert.deepEqual(Object.keys((await ask("channels", {})).channels).sort(), ["durable:room", "news"]);
  assert.deepEqual(await ask("unsubscribe", { client, channel: "news" }), { connections: 1 });
  assert.deepEqual(await ask("unsubscribe", { client, channel: "news" }), { connections: 0 });
  assert.deepEqual(await ask("send", { client, data: { hi: 1 } }), { delivered: 1 });
  await until("the message", () => messages.length > 0);
  assert.deepEqual(messages, [{ data: { hi: 1 } }]);
  const { nodes } = await ask("info", {});
  assert.deepEqual(nodes.map((each: { uid: string }) => each.uid).sort(), [one.id, two.id].sort());
  const soonS = Math.floor(Date.now() / 1000) + 1000;
  assert.deepEqual(await ask("refresh", { user: "alice", expire_at: soonS }), { connections: 2 });
  const { replies } = await ask("batch", {
    commands: [{ publish: { channel: "plain", data: 1 } }, { history: { channel: "plain" } }, { batch: {} }, {
      publish: {},
    }],
  });
  assert.deepEqual(replies[0], { publish: {} });
  assert.deepEqual(
    replies.slice(1).map((each: { error: { code: number } }) => each.error.code),
    [108, 104, 107],
  );
  using carol = await join(two, "carol");
  const kept = { connections: 1, missing: 0 };
  assert.deepEqual(await ask("revoke_user", { user: "carol", for_s: 60 }), kept);
  await carol.step("disconnected 3503");
  assert.deepEqual(await ask("restore_user", { user: "carol" }), {});
  using _back = await join(one, "carol");
  assert.deepEqual(await ask("disconnect", { user: "alice", except: client }), { connections: 1 });
  await again.step("disconnected 3503");
  assert.deepEqual(await ask("disconnect", { client, code: 4000, reason: "moved" }), { connections: 1 });
  await alice.step("connecting 4000");
  const missing = await post(one, "rpc", { service: "sum", function: "add" });
  asked.add("rpc");
  checkAnswer(document, "rpc", missing.body);
  assert.equal(missing.body.error.code, 404);
  assert.deepEqual([...asked].sort(), Object.keys(apiMethods).sort(), "a method was not tried");
}

async function agree(node: ShoalNode): Promise<void> {
  const document = await (await fetch(`http://${node.address}/api/openapi.json`)).json();
  const paths = Object.keys(document.paths).map((path) => path.replace("/api/", ""));
  assert.deepEqual(paths.sort(), Object.keys(apiMethods).sort());
  assert.equal(document.openapi, "3.1.0");
  for (const method of paths) {
    const { schema } = document.paths[`/api/${method}`].post.requestBody.content["application/json"];
    const validator = new Validator(schema, "2020-12", false);
    // What the document refuses, the route refuses, and neither takes a wrong type for a right one.
    for (
      const request of [[], "x", 7, {
        channel: 7,
        channels: 7,
        user: 7,
        service: 7,
        workspace: 7,
        commands: 7,
      }]
    ) {
      assert.equal(validator.validate(request).valid, false, `${method} ${JSON.stringify(request)}`);
      const { status, body } = await post(node, method, JSON.stringify(request));
      assert.deepEqual([status, body.error?.code], [200, 107], `${method} ${JSON.stringify(body)}`);
    }
  }
  assert.equal((await post(node, "nothing", {})).body.error.code, 104);
  assert.equal((await post(node, "constructor", {})).body.error.code, 104);
}

async function refuse(node: ShoalNode): Promise<void> {
  const publish = { channel: "plain", data: 1 };
  for (
    const headers of [{}, { "x-api-key": "" }, { "x-api-key": KEY.slice(1) }, {
      authorization: `Bearer ${KEY}`,
    }]
  ) {
    const { status, body } = await post(node, "publish", publish, headers);
    assert.deepEqual([status, body.error.code], [401, 101], JSON.stringify(headers));
    assert.equal((await post(node, "nothing", "{", headers)).status, 401, "told before who asks is known");
  }
  assert.deepEqual((await post(node, "publish", publish, { authorization: `apikey ${KEY}` })).body, {
    result: {},
  });
  const codes = async (method: string, request: unknown, headers: Record<string, string>) => {
    const { status, body } = await post(node, method, request, headers);
    return [status, body.error?.code];
  };
  assert.deepEqual(await codes("publish", { ...publish, workspace: "other" }, { "x-api-key": KEY }), [
    403,
    103,
  ]);
  assert.deepEqual(await codes("publish", { ...publish, workspace: "other" }, { "x-api-key": EVERYWHERE }), [
    200,
    undefined,
  ]);
  assert.deepEqual(await codes("info", {}, { "x-api-key": NARROW }), [403, 103]);
  assert.deepEqual(await codes("publish", { ...publish, workspace: "default" }, { "x-api-key": NARROW }), [
    403,
    103,
  ]);
  assert.deepEqual(await codes("publish", { ...publish, workspace: "c" }, { "x-api-key": NARROW }), [
    200,
    undefined,
  ]);
  const inBatch = await post(node, "batch", { commands: [{ info: {} }, { publish }] }, {
    "x-api-key": NARROW,
  });
  assert.deepEqual(inBatch.body.result.replies, [
    { error: { code: 103, message: 'permission denied: key "narrow" is not for method "info"' } },
    { publish: {} },
  ]);
  const transport = { "x-api-key": KEY, "x-shoal-error-mode": "transport" };
  assert.deepEqual(await codes("history", { channel: "plain" }, transport), [404, 108]);
  assert.deepEqual(await codes("publish", "{", transport), [400, 107]);
  assert.deepEqual(await codes("publish", { ...publish, channel: "unknown:x" }, { "x-api-key": KEY }), [
    200,
    102,
  ]);
  assert.equal((await post(node, "publish", { ...publish, data: "x".repeat(70_000) })).status, 413);
  const get = await fetch(`http://${node.address}/api/publish`, { headers: { "x-api-key": KEY } });
  assert.deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);
  await get.body?.cancel();
}

async function keepApart(one: ShoalNode, two: ShoalNode): Promise<void> {
  using bob = await join(two, "bob", "b");
  const inDefault = await post(one, "disconnect", { user: "bob" });
  const byId = await post(one, "disconnect", { client: bob.ids[0] });
  assert.deepEqual([inDefault.body, byId.body], [{ result: { connections: 0 } }, {
    result: { connections: 0 },
  }]);
  assert.equal((await post(one, "send", { client: bob.ids[0], data: 1 })).body.error.code, 404);
  const inB = await post(one, "send", { user: "bob", data: 1, workspace: "b" }, { "x-api-key": EVERYWHERE });
  assert.deepEqual(inB.body, { result: { delivered: 1 } });
}

/** Status of a GET that seems to come through a proxy. */
async function proxied(node: ShoalNode, path: string, key?: string): Promise<number> {
  const headers = { "x-forwarded-for": "10.0.0.1", ...(key === undefined ? {} : { "x-api-key": key }) };
  const response = await fetch(`http://${node.address}${path}`, { headers });
  await response.body?.cancel();
  return response.status;
}

async function guardOperations(node: ShoalNode): Promise<void> {
  for (const path of ["/stats", "/metrics"]) {
    const keys = [undefined, KEY, OPERATOR.slice(1), OPERATOR];
    const statuses = [];
    for (const key of keys) statuses.push(await proxied(node, path, key));
    assert.deepEqual(statuses, [403, 403, 403, 200], path);
  }
  assert.equal((await post(node, "/admin/drain", "", {})).status, 403);
  assert.equal((await post(node, "/admin/drain", "", { "x-api-key": EVERYWHERE })).status, 403);
  assert.equal(node.health().draining, false);
  assert.equal((await post(node, "/admin/drain", "", { "x-api-key": OPERATOR })).status, 202);
  assert.equal(node.health().draining, true);
}

Deno.test("The server API", async (t) => {
  await using pair = await openPair(creation);
  const { one, two } = pair;
  await t.step("does and answers what its document says, for every method", () => useAll(one, two));
  await t.step("has the methods of its document and refuses what that refuses", () => agree(one));
  await t.step(
    "answers 401 without a key, 403 past its scope, and errors as they were asked for",
    () => refuse(one),
  );
  await t.step("keeps workspaces apart", () => keepApart(one, two));
  await t.step("shows /stats and /metrics, and drains, by a key that names them", () => guardOperations(two));
});

Deno.test("The server API without a key refuses every call and names the option", async () => {
  await using node = await createNode({ port: 0, log: silentLogger });
  const { status, body } = await post(node, "publish", { channel: "a", data: 1 });
  assert.equal(status, 401);
  assert.match(body.error.message, /api_keys/);
});

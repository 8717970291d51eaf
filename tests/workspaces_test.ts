/** A client of one workspace tries everything to see or reach another one: nothing is seen, nothing is reached. */
import assert from "node:assert/strict";
import type { NodeCreation, ShoalNode } from "../src/mod.ts";
import { plainMethods } from "../src/protocol/api/methods.ts";
import { requestSchemas } from "../src/protocol/commands.ts";
import { mintToken } from "../src/server/mod.ts";
import { WireClient } from "../src/testing/raw_client.ts";
import { openPair } from "./node_pair.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const KEY_A = "key-of-workspace-a-".padEnd(40, "x");
const ROOM = "n:room";
/** What must never be read in workspace a. */
const MARK = "only-for-b";

/** Ways to write `b`, or a name in `b`, that something on the way might take for it. */
const tricks: readonly string[] = [
  "b/plain",
  "../b/plain",
  "/b/plain",
  "a/../b/plain",
  "..%2Fb%2Fplain",
  "b%2Fplain",
  "plain\u0000",
  "Plain",
  "ｐlain",
  `b/${ROOM}`,
  `../b/${ROOM}`,
  `/b/${ROOM}`,
  `a/../b/${ROOM}`,
  `..%2Fb%2F${ROOM}`,
  `b%2F${ROOM}`,
  `%62/${ROOM}`,
  `\u0000b/${ROOM}`,
  `b\u0000/${ROOM}`,
  `n:room\u0000`,
  `n:room\nb/${ROOM}`,
  `n:room\r\n`,
  `N:ROOM`,
  `ｎ:room`,
  `n\u0301:room`,
  `n:ro\u00adom`,
  `n:room `,
  `n:*`,
  `{p0}b/${ROOM}`,
  `b\\${ROOM}`,
  `b\uff0f${ROOM}`,
  `user:b/bob`,
  `#bob`,
  `n:#bob`,
];

const caps = [
  { channels: ["*"], match: "wildcard" as const, allow: ["sub", "pub", "prs", "hst"] },
  { channels: [".*"], match: "regex" as const, allow: ["sub", "pub", "prs", "hst"] },
  { allow: ["rpc", "srv", "msg"] },
];

const creation: NodeCreation = {
  tokenHmacSecret: SECRET,
  apiKeys: [{ name: "a", key: KEY_A, workspaces: ["a"] }],
  namespaces: [{
    name: "n",
    historySize: 100,
    presence: true,
    joinLeave: true,
    forcePushJoinLeave: true,
  }],
  rpc: { whoami: (_data, caller) => caller },
};

async function tokenOf(user: string, workspace: string, channel?: string): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  const more = channel === undefined ? { caps } : { channel };
  return await mintToken({ user, workspace, issuedAtS: nowS, expiresAtS: nowS + 600, ...more }, SECRET);
}

async function join(
  node: ShoalNode,
  user: string,
  workspace: string,
): Promise<readonly [WireClient, string]> {
  const client = await WireClient.open(node.url);
  const { connect, error } = await client.call({ connect: { token: await tokenOf(user, workspace) } });
  assert.equal(error, undefined);
  return [client, String(Reflect.get(Object(connect), "client"))];
}

Deno.test("a client of one workspace neither sees nor reaches another", async (t) => {
  await using pair = await openPair(creation);
  const { one, two } = pair;
  const [bob, bobId] = await join(two, "bob", "b");
  await using _bob = bob;
  for (const channel of [ROOM, "plain"]) await bob.call({ subscribe: { channel } });
  await bob.call({ publish: { channel: "plain", data: MARK } });
  await bob.call({ publish: { channel: ROOM, data: MARK } });
  await bob.until(() => bob.dataOf(ROOM).includes(MARK), "its own publication");
  const before = bob.lines.length;
  const [eve, eveId] = await join(one, "eve", "a");
  await using _eve = eve;

  await t.step("by every command, with every name", async () => {
    const tried = new Set<string>(["connect", "refresh", "sub_refresh", "ping", "rpc", "send"]);
    const call = async (kind: string, request: Record<string, unknown>) => {
      tried.add(kind);
      await eve.call({ [kind]: request });
    };
    for (const channel of [ROOM, "plain", ...tricks]) {
      await call("subscribe", { channel, recover: true, recoverable: true, epoch: "x", offset: 0 });
      await call("publish", { channel, data: "from-a" });
      await call("presence", { channel });
      await call("presence_stats", { channel });
      await call("history", { channel, limit: 100 });
      await call("unsubscribe", { channel });
    }
    assert.deepEqual([...tried].sort(), Object.keys(requestSchemas).sort(), "a command was not tried");
  });

  await t.step("by tokens of the other workspace on its own connection", async () => {
    const channel = "$private";
    const shown = await tokenOf("eve", "b", channel);
    assert.equal((await eve.call({ subscribe: { channel, token: shown } })).error?.code, 103);
    await eve.call({ subscribe: { channel, token: await tokenOf("eve", "a", channel) } });
    assert.equal((await eve.call({ sub_refresh: { channel, token: shown } })).error?.code, 103);
    const [mallory] = await join(one, "eve", "a");
    mallory.send(JSON.stringify({ id: 9, refresh: { token: await tokenOf("eve", "b") } }));
    assert.equal((await mallory.closing()).code, 3500);
  });

  await t.step("by every rpc method", async () => {
    const message = { data: { client: bobId, data: "from-a" } };
    assert.equal((await eve.call({ rpc: { method: "clients.send", ...message } })).error?.code, 404);
    for (const user of ["bob", "b/bob", "../b/bob", "bob\u0000"]) {
      const { error } = await eve.call({ rpc: { method: "clients.send", data: { user, data: "from-a" } } });
      assert.equal(error?.code, 404, user);
    }
    const listed = await eve.call({ rpc: { method: "clients.list", data: {} } });
    assert.ok(JSON.stringify(listed).includes(eveId));
    for (const workspace of ["b", "../b", "a/../b", "*", "", "B"]) {
      const { error } = await eve.call({ rpc: { method: "clients.list", data: { workspace } } });
      assert.equal(error?.code, 103, workspace);
    }
    await eve.call({ rpc: { method: "clients.list", data: { user: "bob" } } });
    const who = await eve.call({ rpc: { method: "whoami", data: { workspace: "b" } } });
    assert.equal(Reflect.get(Object(Reflect.get(Object(who.rpc), "data")), "workspace"), "a");
    for (const method of ["services.list", "services.get", "services.call"]) {
      await eve.call({
        rpc: { method, data: { workspace: "b", id: "s", service: "s", function: "f", args: 1 } },
      });
    }
  });

  await t.step("by every path", async () => {
    const bare = one.url.replace("/connection/websocket", "");
    for (const path of ["/b", "/%62", "/a/../b", "//b", "/b/", "/B", "/b%00"]) {
      const opened = await WireClient.open(`${bare}${path}/connection/websocket`).catch(() => undefined);
      if (opened === undefined) continue;
      opened.send(JSON.stringify({ id: 1, connect: { token: await tokenOf("eve", "a") } }));
      assert.equal((await opened.closing()).code, 3507, path);
    }
    const http = bare.replace("ws:", "http:");
    for (
      const path of [
        "/b/services",
        "/b/services/s",
        "/b/services/s/f",
        "/a/..%2Fb/services",
        "/stats",
        "/metrics",
      ]
    ) {
      const headers = {
        authorization: `Bearer ${await tokenOf("eve", "a")}`,
        "x-forwarded-for": "203.0.113.7",
      };
      const answer = await fetch(http + path, { headers });
      const text = await answer.text();
      assert.ok(answer.status >= 400 || text === "[]", `${path} ${answer.status} ${text.slice(0, 100)}`);
    }
  });

  await t.step("by every method of the server API with a key of its own workspace", async () => {
    const tried = new Set<string>();
    const ask = async (method: string, request: Record<string, unknown>) => {
      tried.add(method);
      const answer = await fetch(`http://${one.address}/api/${method}`, {
        method: "POST",
        headers: { "x-api-key": KEY_A },
        body: JSON.stringify(request),
      });
      const text = await answer.text();
      assert.ok(!text.includes(MARK), `${method} ${JSON.stringify(request)} ${text}`);
      return [answer.status, text] as const;
    };
    const request = {
      ...{ channel: ROOM, channels: [ROOM], data: "from-a", client: bobId, limit: 100, for_s: 60 },
      ...{ service: "s", function: "f", expired: true },
    };
    for (const method of Object.keys(plainMethods)) {
      for (const workspace of ["b", "*", "default"]) {
        const [status, answer] = await ask(method, { ...request, workspace });
        // A request that the schema refuses is no way in either.
        assert.ok(status === 403 || answer.includes('"error"'), `${method} ${workspace} ${answer}`);
        const { client: _client, ...userRequest } = { ...request, user: "bob" };
        const [byUser, text] = await ask(method, { ...userRequest, workspace });
        assert.ok(byUser === 403 || text.includes('"error"'), `${method} ${workspace} ${text}`);
      }
      // Its own workspace, names of the other.
      await ask(method, request);
      const { client: _client, ...userRequest } = { ...request, user: "bob" };
      await ask(method, userRequest);
      for (const channel of tricks.slice(0, 16)) {
        await ask(method, { ...request, channel, channels: [channel] });
      }
    }
    assert.deepEqual([...tried], Object.keys(plainMethods));
    const [, batch] = await ask("batch", {
      commands: [{ publish: { workspace: "b", channel: ROOM, data: "from-a" } }],
    });
    assert.match(batch, /"code":103/);
  });

  await t.step("and the other workspace has noticed nothing", async () => {
    await bob.call({ publish: { channel: ROOM, data: "still here" } });
    await bob.until(() => bob.dataOf(ROOM).includes("still here"), "its own publication");
    const { presence } = await bob.call({ presence: { channel: ROOM } });
    const later = bob.lines.slice(before).filter((line) => line.id === undefined);
    assert.deepEqual(later.map(({ push }) => push?.pub?.data), ["still here"]);
    assert.deepEqual(Object.keys(Object(Reflect.get(Object(presence), "presence"))), [bobId]);
    const history = await bob.call({ history: { channel: ROOM, limit: 100 } });
    assert.ok(!JSON.stringify(history).includes("from-a"));
    assert.equal(bob.end, undefined);
    const heard = JSON.stringify(eve.lines);
    for (const secret of [MARK, "still here", bobId]) assert.ok(!heard.includes(secret), secret);
  });
});

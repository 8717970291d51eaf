/** Direct messages, server-side subscriptions and messages between nodes, over every backend, with the official client. */
import assert from "node:assert/strict";
import { hubBackend, serveHub } from "../src/backend/hub/mod.ts";
import { memoryBackend, MemoryHub } from "../src/backend/memory/mod.ts";
import { ClientError, createNode, type NodeCreation, type ShoalNode } from "../src/mod.ts";
import { mintToken } from "../src/server/mod.ts";
import { silentLogger } from "../src/core/log.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { until } from "../src/testing/waiting.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

/** Where the nodes of a test meet. */
interface Meeting extends AsyncDisposable {
  /** Options of each node. */
  readonly options: NodeCreation;
}

const meetings: Readonly<Record<string, () => Promise<Meeting>>> = {
  memory: () => Promise.resolve(meeting({ backend: memoryBackend(new MemoryHub()) })),
  hub() {
    const server = serveHub({ secret: SECRET });
    const backend = hubBackend({ address: `127.0.0.1:${server.port}`, secret: SECRET });
    return Promise.resolve(meeting({ backend }, () => server.close()));
  },
  async redis() {
    const server = await RedisServer.open();
    return meeting({ redisUrl: server.url }, () => server[Symbol.asyncDispose]());
  },
};

function meeting(options: NodeCreation, end = () => Promise.resolve()): Meeting {
  return { options, [Symbol.asyncDispose]: end };
}

/** Two nodes that wait for tokens, and what they heard of each other. */
class Pair implements AsyncDisposable {
  readonly heard: unknown[] = [];
  readonly nodes: ShoalNode[] = [];

  static async open({ options }: Meeting): Promise<Pair> {
    const pair = new Pair();
    for (const name of ["one", "two"]) {
      const node = await createNode({
        ...options,
        port: 0,
        tokenHmacSecret: SECRET,
        log: silentLogger,
        userSubscribeToPersonal: true,
        channel: { allowSubscribeForClient: true },
        namespaces: [{ name: "kept", historySize: 100, historyTtl: 60, forceRecovery: true }],
        apiKeys: [{ name: "test", key: SECRET }],
        onNodeMessage: (data, from) => {
          if (data === "refuse") throw new ClientError("permissionDenied");
          pair.heard.push([name, data, from]);
        },
        onSurvey: (question) => question === "silence" ? new Promise(() => {}) : { name, question },
      });
      pair.nodes.push(node);
      await node.ready;
    }
    return pair;
  }

  at(index: number): ShoalNode {
    const node = this.nodes[index];
    assert.ok(node);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }
}

interface Person {
  readonly user: string;
  readonly workspace?: string;
  readonly allow?: readonly string[];
  readonly channels?: readonly string[];
}

/** A connected client of `node` and the messages it got. */
async function join(node: ShoalNode, person: Person): Promise<SdkClient & { messages: unknown[] }> {
  const nowS = Math.floor(Date.now() / 1000);
  const token = await mintToken(
    { allow: ["msg"], ...person, issuedAtS: nowS, expiresAtS: nowS + 600 },
    SECRET,
  );
  const client = await SdkClient.open(node.url, { token, name: `of ${person.user}` });
  const messages: unknown[] = [];
  client.centrifuge.on("message", ({ data }) => messages.push(data));
  return Object.assign(client, { messages });
}

/** Disconnects a user through the server API of the first node; answers on how many connections. */
async function disconnect(pair: Pair, user: string, code: number): Promise<unknown> {
  const response = await fetch(`http://${pair.at(0).address}/api/disconnect`, {
    method: "POST",
    headers: { "x-api-key": SECRET, connection: "close" },
    body: JSON.stringify({ user, code }),
  });
  return (await response.json()).result.connections;
}

function call(client: SdkClient, method: string, data: unknown): Promise<unknown> {
  return client.centrifuge.rpc(method, data).then((result) => result.data);
}

async function refused(promise: Promise<unknown>, code: number): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.equal(Reflect.get(Object(error), "code"), code, String(error));
    return true;
  });
}

async function sendDirectly(pair: Pair): Promise<void> {
  using alice = await join(pair.at(0), { user: "alice" });
  using bob = await join(pair.at(1), { user: "bob" });
  const client = bob.ids[0];
  assert.deepEqual(await call(alice, "clients.send", { client, data: { hi: "é\n🚀" } }), { delivered: 1 });
  await until("the message", () => bob.messages.length > 0);
  assert.deepEqual(bob.messages, [{ from: { user: "alice", client: alice.ids[0] }, data: { hi: "é\n🚀" } }]);
  assert.deepEqual(await call(alice, "clients.send", { client: alice.ids[0], data: null }), { delivered: 1 });
  await until("a message to oneself", () => alice.messages.length > 0);
}

async function sendToUser(pair: Pair): Promise<void> {
  using alice = await join(pair.at(0), { user: "alice" });
  using here = await join(pair.at(0), { user: "bob" });
  using there = await join(pair.at(1), { user: "bob" });
  using again = await join(pair.at(1), { user: "bob" });
  using stranger = await join(pair.at(1), { user: "bob", workspace: "other" });
  assert.deepEqual(await call(alice, "clients.send", { user: "bob", data: 1 }), { delivered: 3 });
  await until("three", () => [here, there, again].every(({ messages }) => messages.length === 1));
  assert.deepEqual(await call(stranger, "clients.send", { user: "bob", data: 2 }), { delivered: 1 });
  await until("one", () => stranger.messages.length === 1);
  assert.deepEqual([here, there, again, stranger].map(({ messages }) => messages.length), [1, 1, 1, 1]);
}

async function refuse(pair: Pair): Promise<void> {
  using alice = await join(pair.at(0), { user: "alice" });
  using bob = await join(pair.at(1), { user: "bob" });
  using stranger = await join(pair.at(0), { user: "eve", workspace: "other" });
  using mute = await join(pair.at(0), { user: "mute", allow: [] });
  const client = bob.ids[0] ?? "";
  const startMs = performance.now();
  await refused(call(alice, "clients.send", { user: "nobody", data: 1 }), 404);
  await refused(call(alice, "clients.send", { client: "made up", data: 1 }), 404);
  await refused(call(alice, "clients.send", { client: client.replace(/.{6}$/, "aaaaaa"), data: 1 }), 404);
  await refused(call(alice, "clients.send", { client: "a".repeat(13) + ".1.aaaaaa", data: 1 }), 410);
  await refused(call(stranger, "clients.send", { client, data: 1 }), 404);
  await refused(call(mute, "clients.send", { client, data: 1 }), 103);
  await refused(call(mute, "clients.list", {}), 103);
  await refused(call(alice, "clients.list", { workspace: "other" }), 103);
  for (const data of [{}, { client, user: "bob", data: 1 }, { client }, { client: 7, data: 1 }, "x", null]) {
    await refused(call(alice, "clients.send", data), 107);
  }
  assert.ok(performance.now() - startMs < 1_000, "a refusal waited for a deadline");
  assert.deepEqual(bob.messages, []);
}

async function list(pair: Pair): Promise<void> {
  const people = await Promise.all(
    Array.from(
      { length: 7 },
      (_, i) => join(pair.at(i % 2), { user: i < 4 ? "bob" : "eve", workspace: "listed" }),
    ),
  );
  using stranger = await join(pair.at(0), { user: "bob" });
  try {
    const ids = people.map((each) => each.ids[0]).sort();
    const [one] = people;
    assert.ok(one);
    for (const user of [undefined, "bob"]) {
      const wanted = people.filter((_, i) => user === undefined || i < 4).map((each) => each.ids[0]).sort();
      const found: string[] = [];
      let cursor: string | undefined = undefined;
      do {
        const page = await call(one, "clients.list", { limit: 3, cursor, user });
        const { clients, cursor: next } = page as {
          clients: { client: string; name: string }[];
          cursor: string;
        };
        assert.ok(clients.length > 0 && clients.length <= 3);
        assert.ok(clients.every(({ name }) => /^of (bob|eve)$/.test(name)));
        found.push(...clients.map(({ client }) => client));
        cursor = next;
      } while (cursor !== "");
      assert.deepEqual(found.toSorted(), wanted);
      assert.equal(new Set(found).size, found.length);
    }
    assert.ok(!ids.includes(stranger.ids[0]));
    await refused(call(one, "clients.list", { limit: 0 }), 107);
  } finally {
    for (const each of people) each[Symbol.dispose]();
  }
}

async function subscribeByToken(pair: Pair): Promise<void> {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = { user: "carol", channels: ["news", "b:1"], issuedAtS: nowS, expiresAtS: nowS + 600 };
  const wrong = new SdkClient(pair.at(0).url, { token: await mintToken(claims, SECRET) });
  await wrong.step("disconnected 102"); // namespace "b" is not configured
  using carol = new SdkClient(pair.at(0).url, {
    token: await mintToken({ ...claims, channels: ["news"] }, SECRET),
  });
  const got: unknown[] = [];
  const subscribed: string[] = [];
  carol.centrifuge.on("subscribed", ({ channel }) => subscribed.push(channel));
  carol.centrifuge.on("publication", ({ channel, data }) => got.push([channel, data]));
  await carol.step("connected");
  assert.deepEqual(subscribed.sort(), ["#carol", "news"]);
  await pair.at(1).publish("news", 1);
  await pair.at(1).publish("#carol", 2);
  await pair.at(1).publish("#bob", 3);
  await pair.at(1).publish("news", 4);
  await until("publications", () => got.length >= 3);
  assert.deepEqual(got.toSorted(), [["#carol", 2], ["news", 1], ["news", 4]]);
}

async function recoverByToken(pair: Pair): Promise<void> {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = { user: "dora", channels: ["kept:1"], issuedAtS: nowS, expiresAtS: nowS + 600 };
  using dora = new SdkClient(pair.at(1).url, { token: await mintToken(claims, SECRET) });
  const got: unknown[] = [];
  const recovered: boolean[] = [];
  dora.centrifuge.on("publication", ({ channel, data }) => channel === "kept:1" && got.push(data));
  dora.centrifuge.on("subscribed", (context) => recovered.push(context.wasRecovering && context.recovered));
  await dora.step("connected");
  await pair.at(0).publish("kept:1", 1);
  await until("the first", () => got.length === 1);
  assert.equal(await disconnect(pair, "dora", 3000), 1);
  await dora.step("connecting 3000");
  for (const n of [2, 3]) await pair.at(0).publish("kept:1", n);
  await dora.step("connected", 3);
  await pair.at(0).publish("kept:1", 4);
  await until("all four", () => got.length >= 4);
  assert.deepEqual(got, [1, 2, 3, 4]);
  assert.ok(recovered.includes(true), `recovered: ${recovered}`);
}

async function speakAmongNodes(pair: Pair): Promise<void> {
  const [one, two] = [pair.at(0), pair.at(1)];
  await one.sendTo(two.id, { n: 1 });
  await one.sendTo(one.id, { n: 2 });
  assert.deepEqual(pair.heard.splice(0), [["two", { n: 1 }, one.id], ["one", { n: 2 }, one.id]]);
  await refused(one.sendTo("a".repeat(13), 1), 410);
  await refused(one.sendTo(two.id, "refuse"), 103);
  await two.broadcast([3]);
  await until("both", () => pair.heard.length === 2);
  assert.deepEqual(pair.heard.splice(0).sort(), [["one", [3], two.id], ["two", [3], two.id]]);
  const { answers, missing } = await one.survey("how?");
  assert.deepEqual(
    answers,
    new Map([one, two].map((node, i) => [node.id, { name: i === 0 ? "one" : "two", question: "how?" }])),
  );
  assert.deepEqual([...missing], []);
  const silent = await one.survey("silence", { timeoutMs: 100 });
  assert.deepEqual(
    [...silent.missing].map(([id, { code }]) => [id, code]).sort(),
    [[one.id, 408], [two.id, 408]].sort(),
  );
}

for (const [kind, meet] of Object.entries(meetings)) {
  Deno.test(`Two nodes over ${kind}`, async (t) => {
    await using at = await meet();
    await using pair = await Pair.open(at);
    await t.step("clients.send reaches one client with its sender's name", () => sendDirectly(pair));
    await t.step(
      "clients.send reaches every connection of a user, in its workspace alone",
      () => sendToUser(pair),
    );
    await t.step(
      "clients.send and clients.list refuse with the code of the reason, at once",
      () => refuse(pair),
    );
    await t.step("clients.list pages through every client of the workspace or user once", () => list(pair));
    await t.step(
      "A token's channels and the personal channel are subscribed at connect",
      () => subscribeByToken(pair),
    );
    await t.step("A token's channel with history recovers what was missed", () => recoverByToken(pair));
    await t.step(
      "sendTo(), broadcast() and survey() reach nodes and name the silent",
      () => speakAmongNodes(pair),
    );
  });
}

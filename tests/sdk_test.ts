/** The official JavaScript client, unchanged, against real nodes: over Redis, and over the hub of a cluster. */
import assert from "node:assert/strict";
import { UnauthorizedError } from "centrifuge";
import { ClusterProcess } from "../src/testing/cluster_process.ts";
import { NodeAddress, NodeProcess, pause, runProgram, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { inTime } from "../src/testing/waiting.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

/** Settings under which a test sees several pings, and who published. */
const SETTINGS = { ping_interval_ms: 400, pong_timeout_ms: 200, namespaces: '[{"name":"room"}]' };

/** What a rejected call says: its code. */
async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return "no error";
  } catch (error) {
    return error instanceof Object && "code" in error ? error.code : error;
  }
}

/** All that the client does on one node and across two. */
async function useSdk(t: Deno.TestContext, one: NodeAddress, two: NodeAddress): Promise<void> {
  await t.step("Centrifuge connects and is told its node, version and id", async () => {
    using client = await SdkClient.open(one.ws);
    const { node } = await one.health();
    assert.equal(client.node, node);
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  });

  await t.step("Centrifuge receives what itself and a client of another node publish, in order", async () => {
    using alice = await SdkClient.open(one.ws);
    using bob = await SdkClient.open(two.ws);
    const [atAlice, atBob] = await Promise.all([alice.subscribe("room:é"), bob.subscribe("room:é")]);
    const sent = Array.from({ length: 50 }, (_, n) => ({ n, text: 'ü"\n\u0000' }));
    for (const data of sent) await alice.centrifuge.publish("room:é", data);
    await Promise.all(
      [atAlice, atBob].map((each) => each.received((data) => Reflect.get(Object(data), "n") === 49)),
    );
    assert.deepEqual(atAlice.data, sent);
    assert.deepEqual(atBob.data, sent);
    assert.equal(atBob.publications[0]?.info?.client, alice.ids[0]);
  });

  await t.step("Centrifuge gets nothing more after unsubscribe, and again after subscribe", async () => {
    using alice = await SdkClient.open(one.ws);
    using bob = await SdkClient.open(two.ws);
    const atBob = await bob.subscribe("again");
    const other = await bob.subscribe("other");
    atBob.subscription.unsubscribe();
    await alice.centrifuge.publish("again", "unheard");
    await alice.centrifuge.publish("other", "marker");
    await other.received((data) => data === "marker");
    atBob.subscription.subscribe();
    await atBob.subscription.ready(5_000);
    await alice.centrifuge.publish("again", "heard");
    await atBob.received((data) => data === "heard");
    assert.deepEqual(atBob.data, ["heard"]);
  });

  await t.step("Centrifuge calls rpc echo and time", async () => {
    using client = await SdkClient.open(one.ws);
    for (const data of [{ a: [1, "ü", null] }, "text", 0, false, null, []]) {
      assert.deepEqual(await client.centrifuge.rpc("echo", data), { data });
    }
    const { data } = await client.centrifuge.rpc("time", {});
    assert.ok(Math.abs(data.time - Date.now()) < 5_000, JSON.stringify(data));
  });

  await t.step("Centrifuge is told errors by code and stays connected", async () => {
    using client = await SdkClient.open(one.ws);
    const room = await client.subscribe("room");
    assert.equal(await codeOf(client.centrifuge.rpc("no such method", {})), 104);
    assert.equal(await codeOf(client.centrifuge.publish("x".repeat(256), 1)), 107);
    assert.equal(await codeOf(client.centrifuge.publish("", 1)), 107);
    assert.equal(await codeOf(client.centrifuge.publish("nobody-configured-this:a", 1)), 102);
    assert.equal(await codeOf(client.centrifuge.presence("room")), 108);
    assert.equal(await codeOf(client.centrifuge.presenceStats("room")), 108);
    assert.equal(await codeOf(client.centrifuge.history("room", { limit: 1 })), 108);
    assert.equal(await codeOf(room.subscription.publish({ after: "errors" })), "no error");
    await room.received(() => true);
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  });

  await t.step("Centrifuge ends a subscription whose name is refused, and no other", async () => {
    using client = await SdkClient.open(one.ws);
    const { promise, resolve } = Promise.withResolvers<number>();
    const refused = client.centrifuge.newSubscription("y".repeat(256));
    refused.on("unsubscribed", ({ code }) => resolve(code));
    refused.subscribe();
    assert.equal(await inTime("the refusal", promise), 107);
    assert.equal((await client.subscribe("fine")).subscription.state, "subscribed");
  });

  await t.step("Centrifuge sends without an answer", async () => {
    using client = await SdkClient.open(one.ws);
    assert.equal(await codeOf(client.centrifuge.send({ hello: "node" })), "no error");
    assert.deepEqual(await client.centrifuge.rpc("echo", 1), { data: 1 });
  });

  await t.step("Centrifuge batches commands into one frame and gets all answers", async () => {
    using client = await SdkClient.open(one.ws);
    using listener = await SdkClient.open(two.ws);
    const heard = await listener.subscribe("batch");
    client.centrifuge.startBatching();
    const calls = Array.from({ length: 100 }, (_, n) => client.centrifuge.rpc("echo", n));
    const publishes = Array.from({ length: 100 }, (_, n) => client.centrifuge.publish("batch", n));
    const late = client.centrifuge.rpc("no such method", 0);
    client.centrifuge.stopBatching();
    assert.equal(await codeOf(late), 104);
    assert.deepEqual((await Promise.all(calls)).map(({ data }) => data), [...Array(100).keys()]);
    await Promise.all(publishes);
    await heard.received((data) => data === 99);
    assert.deepEqual(heard.data, [...Array(100).keys()]);
  });
}

Deno.test("a node serves the official client over Redis", async (t) => {
  await using redis = await RedisServer.open();
  const options = { redisUrl: redis.url, set: SETTINGS };
  const [first, second] = await Promise.all([NodeProcess.start(options), NodeProcess.start(options)]);
  await using one = first;
  await using two = second;
  await useSdk(t, one, two);
  await t.step("Centrifuge answers pings and stays, idle", async () => {
    using client = await SdkClient.open(one.ws, { maxServerPingDelay: 500 });
    const heard = await client.subscribe("idle");
    await pause(2_500);
    await client.centrifuge.publish("idle", "still here");
    await heard.received((data) => data === "still here");
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
  });

  await t.step("Centrifuge comes back with its subscriptions after its node was killed", async () => {
    using alice = await SdkClient.open(one.ws);
    using bob = await SdkClient.open(two.ws);
    const atAlice = await alice.subscribe("after");
    const before = (await one.health()).node;
    await one.kill();
    await alice.step("connecting 1");
    await one.restart();
    const ms = await alice.step("connected", 2);
    await atAlice.subscription.ready(5_000);
    await bob.centrifuge.publish("after", "back");
    await atAlice.received((data) => data === "back");
    assert.notEqual(alice.node, before);
    assert.equal(alice.node, (await one.health()).node);
    console.log(`measured: client back ${ms} ms after its restarted node was ready (kill -9, same port)`);
  });

  assert.deepEqual([...one.faults, ...two.faults], []);
});

Deno.test("a cluster serves the official client over its embedded hub", async (t) => {
  await using cluster = await ClusterProcess.start({ instances: 2, set: SETTINGS });
  const [one, two] = cluster.nodes;
  assert.ok(one && two);
  await useSdk(t, one, two);

  await t.step("Centrifuge comes back with its subscriptions after its node was killed", async () => {
    using alice = await SdkClient.open(one.ws);
    using bob = await SdkClient.open(two.ws);
    const atAlice = await alice.subscribe("after");
    Deno.kill(cluster.pidOf(one.port), "SIGKILL");
    const ms = await alice.step("connected", 2);
    await atAlice.subscription.ready(5_000);
    await bob.centrifuge.publish("after", "back");
    await atAlice.received((data) => data === "back");
    console.log(
      `measured: client back ${ms} ms after kill -9 of its node (embedded, same port, supervisor restarts it)`,
    );
  });

  assert.deepEqual(cluster.faults, []);
});

/** A token of the command line, as a team without a backend would make it. */
async function mint(user: string, expires: string, ...more: readonly string[]): Promise<string> {
  const { code, text } = await runProgram(["token", "--user", user, "--expires", expires, ...more], {
    SHOAL_TOKEN_HMAC_SECRET: SECRET,
  });
  assert.equal(code, 0, text);
  return text.trim();
}

Deno.test("a node with a token key serves the official client", async (t) => {
  await using node = await NodeProcess.start({
    env: { SHOAL_TOKEN_HMAC_SECRET: SECRET },
    set: {
      channel:
        '{"allow_subscribe_for_client":true,"allow_publish_for_subscriber":true,"publisher_info":true}',
    },
  });
  const [token, renewed, shortLived, other] = await Promise.all([
    mint("u1", "1h"),
    mint("u1", "2h"),
    mint("u1", "2s"),
    mint("u2", "1h", "--workspace", "acme"),
  ]);

  await t.step("Centrifuge refreshes a token before it expires and stays connected", async () => {
    let asked = 0;
    const getToken = () => Promise.resolve(asked++ === 0 ? shortLived : renewed);
    using client = await SdkClient.open(node.ws, { getToken });
    await until("the token was refreshed", () => asked === 2, 5_000);
    await pause(500);
    assert.deepEqual(client.steps, ["connecting 0", "connected"]);
    const heard = await client.subscribe("own");
    await heard.subscription.publish("mine");
    await heard.received(() => true);
    assert.equal(heard.publications[0]?.info?.user, "u1");
  });

  await t.step("Centrifuge with an expired token asks for another and connects", async () => {
    await pause(1_000);
    let asked = 0;
    const getToken = () => Promise.resolve(++asked > 0 ? renewed : "");
    using client = await SdkClient.open(node.ws, { token: shortLived, getToken });
    assert.deepEqual(client.errors.slice(0, 1), [109]);
    assert.equal(asked, 1);
  });

  await t.step("Centrifuge without a token is told 101, with a forged one 3500 for good", async () => {
    using bare = new SdkClient(node.ws);
    await bare.step("disconnected 101");
    using forged = new SdkClient(node.ws, { token: `${token.slice(0, -4)}AAAA` });
    await forged.step("disconnected 3500");
    using wrong = new SdkClient(node.ws.replace("/connection", "/elsewhere/connection"), { token });
    await wrong.step("disconnected 3507");
  });

  await t.step("Centrifuge may not refresh as another user", async () => {
    const tokens = [await mint("u1", "2s"), other];
    using client = await SdkClient.open(node.ws, { getToken: () => Promise.resolve(tokens.shift() ?? "") });
    await client.step("disconnected 3500");
  });

  await t.step("Centrifuge gives up when its application does", async () => {
    using client = new SdkClient(node.ws, { getToken: () => Promise.reject(new UnauthorizedError("no")) });
    await client.step("disconnected 1");
  });

  await t.step("Centrifuge is told 103 where it may not publish", async () => {
    using client = await SdkClient.open(node.ws, { token });
    assert.equal(await codeOf(client.centrifuge.publish("not subscribed", 1)), 103);
  });

  assert.deepEqual(node.faults, []);
});

import assert from "node:assert/strict";
import { RedisServer } from "../src/testing/redis_server.ts";
import { pause } from "../src/testing/waiting.ts";
import { beat, isTemporary, open, openReady, published, ready, troubled } from "./redis_kit.ts";

/** What the kit uses. */
const PUBLISH_TIMEOUT_MS = 1_000;

/** What went wrong, down to the reason. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.message} <- ${reasonOf(error.cause)}` : "";
}

Deno.test("redisBackend() waits for a Redis that is not there at start and says so", async () => {
  await using server = await RedisServer.prepare();
  await using node = open(server.url, { subscribeTimeoutMs: 500 });
  const wanted = node.backend.bus.subscribe("room");
  const failed = assert.rejects(wanted, isTemporary);
  await assert.rejects(published(node, "room", "x"), isTemporary);
  await assert.rejects(node.backend.registry.nodes(), isTemporary);
  await failed;
  assert.equal(node.backend.state, "connecting");
  assert.match(node.backend.trouble ?? "", new RegExp(`^Redis at 127.0.0.1:${server.port}: .*refused`, "i"));
  assert.deepEqual(node.listener.states, []);
  await server.start();
  await ready(node, 3_000);
  assert.equal(node.backend.trouble, undefined);
  assert.deepEqual(node.backend.bus.subscriptions(), { desired: 1, confirmed: 1 });
  await published(node, "room", "hello");
  await node.listener.until("hello", () => node.listener.on("room").includes("hello"));
});

Deno.test("redisBackend() answers every publish once and comes back when Redis is killed and started", async () => {
  await using server = await RedisServer.open();
  await using a = await openReady(server.url);
  await using b = await openReady(server.url);
  const channels = Array.from({ length: 50 }, (_, i) => `room ${i}`);
  await Promise.all(channels.map((channel) => b.backend.bus.subscribe(channel)));
  const answers: number[] = [];
  const errors: Error[] = [];
  let count = 0;
  const publishSome = () => {
    for (let i = 0; i < 20; i++) {
      const index = count++;
      answers[index] = 0;
      a.backend.bus.publish(channels[index % 50] ?? "", String(index), (error) => {
        answers[index] = (answers[index] ?? 0) + 1;
        if (error) errors.push(error);
      });
    }
  };
  const timer = setInterval(publishSome, 2);
  await pause(150);
  await server.stop("SIGKILL");
  await a.listener.until("lost", () => a.backend.state === "lost", 1_000);
  await b.listener.until("lost", () => b.backend.state === "lost", 1_000);
  assert.equal(b.backend.bus.subscriptions().confirmed, 0);
  await pause(300);
  await server.start();
  const startMs = performance.now();
  await Promise.all([ready(a, 2_500), ready(b, 2_500)]);
  const backAfterMs = performance.now() - startMs;
  clearInterval(timer);
  assert.deepEqual(b.backend.bus.subscriptions(), { desired: 50, confirmed: 50 });
  for (const channel of channels) await published(a, channel, "again");
  const isBack = () => channels.every((channel) => b.listener.on(channel).includes("again"));
  await b.listener.until("all channels", isBack);
  assert.ok(backAfterMs < 2_500, `took ${backAfterMs} ms`);
  assert.ok(answers.length > 500 && answers.every((times) => times === 1), "a publish was not answered once");
  assert.ok(errors.length > 0);
  for (const error of errors) isTemporary(error);
});

Deno.test("redisBackend() fails publishes in time while Redis is frozen and goes on after", async () => {
  await using server = await RedisServer.open();
  await using node = await openReady(server.url);
  await node.backend.bus.subscribe("room");
  try {
    server.pause();
    const startMs = performance.now();
    const attempts = Array.from(
      { length: 100 },
      () => assert.rejects(published(node, "room", "x"), isTemporary),
    );
    await Promise.all(attempts);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs < PUBLISH_TIMEOUT_MS + 1_000, `took ${tookMs} ms`);
    assert.equal(node.backend.state, "lost");
    await assert.rejects(node.backend.registry.nodes(), isTemporary);
    await pause(1_500);
    assert.equal(node.backend.state, "lost");
  } finally {
    server.resume();
  }
  await ready(node);
  await published(node, "room", "after");
  await node.listener.until("after", () => node.listener.on("room").includes("after"));
});

Deno.test("redisBackend() notices a frozen Redis without any traffic", async () => {
  await using server = await RedisServer.open();
  await using node = await openReady(server.url);
  try {
    server.pause();
    await node.listener.until("lost", () => node.backend.state === "lost", PUBLISH_TIMEOUT_MS + 2_000);
    assert.match(node.backend.trouble ?? "", /did not answer within 1000 ms/);
  } finally {
    server.resume();
  }
  await ready(node);
});

Deno.test("redisBackend() close() ends in time while Redis is frozen", async () => {
  await using server = await RedisServer.open();
  const node = await openReady(server.url);
  try {
    server.pause();
    const pending = assert.rejects(node.backend.registry.nodes(), isTemporary);
    const startMs = performance.now();
    await node.backend.close();
    await pending;
    assert.ok(performance.now() - startMs < 3_000);
  } finally {
    server.resume();
  }
});

Deno.test("redisBackend() has 5000 channels subscribed again after Redis was restarted", async () => {
  await using server = await RedisServer.open();
  await using node = await openReady(server.url);
  const channels = Array.from({ length: 5_000 }, (_, i) => `room ${i}`);
  await Promise.all(channels.map((channel) => node.backend.bus.subscribe(channel)));
  await server.stop();
  await node.listener.until("lost", () => node.backend.state === "lost");
  await server.start();
  await ready(node, 3_000);
  assert.deepEqual(node.backend.bus.subscriptions(), { desired: 5_000, confirmed: 5_000 });
  for (const channel of channels) node.backend.bus.publish(channel, "x", () => {});
  await node.listener.until("5000 messages", () => node.listener.messages.length === 5_000);
});

Deno.test("redisBackend() logs in as the user of the URL and needs no more than its keys", async () => {
  const rules = "on >p@ss/word ~shoal:* &shoal:* +@all -@admin -@dangerous +info";
  await using server = await RedisServer.open({ words: ["--user", "shoal", ...rules.split(" ")] });
  const url = `redis://shoal:${encodeURIComponent("p@ss/word")}@127.0.0.1:${server.port}`;
  await using node = await openReady(url);
  assert.equal((await beat(node)).isNew, true);
  await node.backend.bus.subscribe("room");
  await published(node, "room", "x");
  await node.listener.until("x", () => node.listener.messages.length === 1);
  assert.match(await server.command("CLIENT", "LIST"), new RegExp(`name=shoal-${node.id} .*user=shoal`));
});

Deno.test("redisBackend() says what is wrong with a password, without the password", async () => {
  await using server = await RedisServer.open({ words: ["--requirepass", "right"] });
  for (const [login, wanted] of [["", /NOAUTH/], [":secret@", /WRONGPASS/]] as const) {
    await using node = open(`redis://${login}127.0.0.1:${server.port}`);
    await troubled(node, wanted);
    assert.equal(node.backend.state, "connecting");
    assert.doesNotMatch(node.backend.trouble ?? "", /secret/);
  }
  await using node = open(`redis://:right@127.0.0.1:${server.port}`);
  await ready(node);
});

Deno.test("redisBackend() beat() is new after FLUSHALL, with the same generation and no clients", async () => {
  await using server = await RedisServer.open();
  await using node = await openReady(server.url);
  const client = { client: `${node.id}.1.abcdef`, workspace: "w", user: "u", name: "n", connectedMs: 1 };
  const first = await beat(node);
  await node.backend.registry.putClients([client]);
  assert.equal((await beat(node)).isNew, false);
  await server.flush();
  const after = await beat(node);
  assert.deepEqual([after.isNew, after.clientCount, after.generation], [true, 0, first.generation]);
});

Deno.test("redisBackend() beat() names another generation after Redis was restarted", async () => {
  await using server = await RedisServer.open();
  await using node = await openReady(server.url);
  const before = await beat(node);
  assert.match(before.generation, /^[0-9a-f]{40}:[0-9a-f]{40}$/);
  await server.stop();
  await node.listener.until("lost", () => node.backend.state === "lost");
  await server.start();
  await ready(node);
  const after = await beat(node);
  assert.notEqual(after.generation, before.generation);
  assert.equal(after.isNew, true);
  assert.deepEqual(node.listener.states, ["ready", "lost", "ready"]);
});

Deno.test("redisBackend() is lost, and back by itself, when Redis cuts one of its two connections", async () => {
  await using server = await RedisServer.open();
  await using node = await openReady(server.url);
  await node.backend.bus.subscribe("room");
  for (const type of ["normal", "pubsub"]) {
    const before = node.listener.states.length;
    assert.match(await server.command("CLIENT", "KILL", "TYPE", type), /^:1/);
    await node.listener.until(`lost and ready (${type})`, () => node.listener.states.length >= before + 2);
    assert.deepEqual(node.listener.states.slice(before), ["lost", "ready"]);
    await published(node, "room", type);
    await node.listener.until(type, () => node.listener.on("room").includes(type));
    assert.equal((await beat(node)).standing, "member");
  }
});

Deno.test("redisBackend() subscribe() rejects each waiter after its own deadline, and the channel stays wanted", async () => {
  await using server = await RedisServer.prepare();
  await using node = open(server.url, { subscribeTimeoutMs: 500 });
  const startMs = performance.now();
  const tookMs = async () => {
    await assert.rejects(node.backend.bus.subscribe("room"), isTemporary);
    return performance.now() - startMs;
  };
  const first = tookMs();
  await pause(300);
  const second = tookMs();
  const [firstMs, secondMs] = await Promise.all([first, second]);
  assert.ok(firstMs >= 495 && firstMs < 750 && secondMs >= 795, `took ${firstMs} and ${secondMs} ms`);
  assert.deepEqual(node.backend.bus.subscriptions(), { desired: 1, confirmed: 0 });
  await server.start();
  await ready(node);
  assert.deepEqual(node.backend.bus.subscriptions(), { desired: 1, confirmed: 1 });
});

Deno.test("redisBackend() works after SCRIPT FLUSH", async () => {
  await using server = await RedisServer.open();
  await using node = await openReady(server.url);
  await beat(node);
  await server.command("SCRIPT", "FLUSH");
  assert.equal((await beat(node)).isNew, false);
});

Deno.test("redisBackend() with another number of partitions never gets ready and says why", async () => {
  await using server = await RedisServer.open();
  await using right = await openReady(server.url, { partitions: 64 });
  await using wrong = open(server.url, { partitions: 32 });
  await troubled(wrong, /cluster has 64 partitions and this node 32.*\{ctl\}partitions/);
  assert.equal(wrong.backend.state, "connecting");
  await assert.rejects(beat(wrong), (error) => isTemporary(error) && /has 64 partitions/.test(String(error)));
  await assert.rejects(published(wrong, "room", "x"), (error) => /has 64 partitions/.test(reasonOf(error)));
  assert.equal((await beat(right)).nodeCount, 1);
  await server.command("DEL", "shoal:{ctl}partitions");
  await beat(wrong);
  await ready(wrong);
  await assert.rejects(beat(right), isTemporary);
  assert.equal(right.backend.state, "lost");
});

Deno.test("redisBackend() survives a server that speaks something else", async () => {
  const replies = [
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    "$99999999999\r\n",
    "*9999999\r\n",
    "+OK\r\n:1\r\n:2\r\n",
    "",
  ];
  for (const reply of replies) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = serve(listener, reply);
    const node = open(`redis://127.0.0.1:${listener.addr.port}`, {
      publishTimeoutMs: 200,
      commandTimeoutMs: 200,
    });
    await troubled(node, /^Redis at .*: ./);
    assert.equal(node.backend.state, "connecting");
    await node.backend.close();
    listener.close();
    await serving;
  }
});

/** Answers every connection with `reply`, whatever it says, and ends with the listener. */
async function serve(listener: Deno.Listener, reply: string): Promise<void> {
  const open: Promise<void>[] = [];
  try {
    for await (const conn of listener) open.push(answer(conn, reply));
  } finally {
    await Promise.all(open);
  }
}

async function answer(conn: Deno.Conn, reply: string): Promise<void> {
  const buffer = new Uint8Array(4_096);
  try {
    while (await conn.read(buffer) !== null) await conn.write(new TextEncoder().encode(reply));
  } catch (error) {
    assert.ok(error instanceof Error, "a broken connection is what this test causes");
  } finally {
    conn.close();
  }
}

import assert from "node:assert/strict";
import { defineApp } from "./app.ts";
import { MemoryHub } from "../../backend/memory/mod.ts";
import { settle } from "../../testing/fake_socket.ts";
import { TestNode } from "../../testing/test_node.ts";

interface CounterMessage {
  readonly type: string;
  readonly sessionId: string;
  readonly timestamp: string;
  readonly message: unknown;
  readonly messageCount: number;
  readonly error: string;
}

Deno.test("echo answers text as text and bytes as bytes", async () => {
  await using test = new TestNode();
  const client = test.client("/apps/echo");
  await client.sendText("hello");
  client.listener.onMessage(new Uint8Array([1, 2]));
  assert.deepEqual(client.socket.frames, ["hello"]);
  assert.deepEqual(client.socket.binaries, [new Uint8Array([1, 2])]);
});

Deno.test("sha256 hashes text as UTF-8, and bytes", async () => {
  await using test = new TestNode();
  const client = test.client("/apps/sha256");
  await client.sendText("abc");
  client.listener.onMessage(new TextEncoder().encode("abc"));
  const sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.deepEqual(client.take(), [{ sha }, { sha }]);
});

Deno.test("counter counts per session across nodes, resumes one that is known, and starts anew otherwise", async () => {
  const hub = new MemoryHub();
  await using here = new TestNode({ hub });
  await using there = new TestNode({ hub });
  const first = here.client("/apps/counter");
  await settle();
  const [hello] = first.take() as CounterMessage[];
  assert.match(hello?.sessionId ?? "", /^[0-9a-f]{32}$/);
  assert.match(hello?.timestamp ?? "", /^\d{4}-\d\d-\d\dT/);
  await first.sendText("a");
  const second = there.client("/apps/counter", `sessionId=${hello?.sessionId}`);
  await settle();
  await second.sendText("b");
  const [resumed, answer] = second.take() as CounterMessage[];
  assert.deepEqual([resumed?.sessionId, answer?.message, answer?.messageCount], [hello?.sessionId, "b", 2]);
  const stranger = there.client("/apps/counter", `sessionId=${"0".repeat(32)}`);
  await settle();
  assert.notEqual((stranger.take() as CounterMessage[])[0]?.sessionId, "0".repeat(32));
});

Deno.test("counter answers a binary message with an error, and passes server events on", async () => {
  await using test = new TestNode();
  const client = test.client("/apps/counter");
  await settle();
  client.take();
  client.listener.onMessage(new Uint8Array([1]));
  await test.node.publish("app:counter", { maintenance: true });
  await settle();
  const [error, event] = client.take() as CounterMessage[];
  assert.deepEqual([error?.type, event?.type, event?.message], ["error", "server-event", {
    maintenance: true,
  }]);
});

Deno.test("AppConnection runs the handlers of one client one after the other", async () => {
  const order: string[] = [];
  const slow = defineApp({
    async message(_client, message) {
      order.push(`${message} in`);
      await settle();
      order.push(`${message} out`);
    },
  });
  await using test = new TestNode({ apps: { slow } });
  const client = test.client("/apps/slow");
  client.listener.onMessage("a");
  client.listener.onMessage("b");
  for (let i = 0; i < 4; i++) await settle();
  assert.deepEqual(order, ["a in", "a out", "b in", "b out"]);
});

Deno.test("AppConnection bounds what waits for a slow handler: 3013", async () => {
  const stuck = defineApp({ message: () => new Promise<void>(() => {}) });
  await using test = new TestNode({ apps: { stuck }, config: { outboxBytes: 65_536 } });
  const client = test.client("/apps/stuck");
  for (let i = 0; i < 3; i++) client.listener.onMessage("x".repeat(40_000));
  assert.equal(client.socket.closed?.code, 3013);
});

Deno.test("AppConnection closes 3004 over a handler that throws, and 3008 over a client that does not read", async () => {
  const broken = defineApp({
    message: () => {
      throw new Error("a bug");
    },
  });
  const chatty = defineApp({ message: (client) => client.send("x") });
  await using test = new TestNode({ apps: { broken, chatty } });
  const victim = test.client("/apps/broken");
  victim.listener.onMessage("go");
  assert.equal(victim.socket.closed?.code, 3004);
  assert.match(test.logs.join(), /a bug/);
  const deaf = test.client("/apps/chatty");
  deaf.socket.bufferedAmount = test.config.outboxBytes;
  deaf.listener.onMessage("go");
  assert.equal(deaf.socket.closed?.code, 3008);
  assert.equal(test.node.connections, 0);
});

Deno.test("AppConnection lets the node end when the app throws at the end of a client", async () => {
  const app = defineApp({
    message: () => {},
    close: () => {
      throw new Error("a bug at the end");
    },
  });
  await using test = new TestNode({ apps: { app } });
  const clients = [test.client("/apps/app"), test.client("/apps/app")];
  await settle();
  await test.node.close();
  assert.deepEqual(clients.map(({ socket }) => socket.closed?.code), [3001, 3001]);
  assert.match(test.logs.join(), /a bug at the end/);
});

Deno.test("AppConnection tells the app once when its client is gone, and drops its subscriptions", async () => {
  let closes = 0;
  const app = defineApp({
    open: (client) => client.subscribe("c", () => {}),
    message: () => {},
    close: () => closes++,
  });
  await using test = new TestNode({ apps: { app } });
  const client = test.client("/apps/app");
  await settle();
  client.listener.onClose(1000, "");
  client.listener.onClose(1000, "");
  assert.equal(closes, 1);
  assert.equal(test.node.session.channels.join("default", "c").channel.subscribers.size, 0);
});

Deno.test("Node.acceptor() finds no app under a name of Object's prototype", async () => {
  await using test = new TestNode();
  for (
    const path of ["/apps/constructor", "/apps/__proto__", "/apps/none", "/apps/", "/apps/echo/x", "/x", "/"]
  ) {
    assert.equal(test.node.acceptor(path), undefined, path);
  }
});

Deno.test("a subscriber of an app that throws ends its own client and nobody else", async () => {
  const clumsy = defineApp({
    async open(client) {
      await client.subscribe("news", () => {
        throw new Error("a mistake");
      });
    },
    message() {},
  });
  const careful = defineApp({
    async open(client) {
      await client.subscribe("news", (data) => client.send(data));
    },
    message() {},
  });
  await using test = new TestNode({ apps: { clumsy, careful } });
  const [first, second] = [test.client("/apps/clumsy"), test.client("/apps/careful")];
  await settle();
  await test.node.publish("news", 1);
  await settle();
  assert.deepEqual(second.take(), [1]);
  assert.equal(first.socket.closed?.code, 3004);
  assert.equal(test.logs.length, 1);
});

for (const isAsync of [false, true]) {
  Deno.test(`an app whose close ${isAsync ? "rejects" : "throws"} holds up no end of its node`, async () => {
    const app = defineApp({
      message() {},
      close() {
        if (isAsync) return Promise.reject(new Error("a mistake"));
        throw new Error("a mistake");
      },
    });
    const test = new TestNode({ apps: { app } });
    const clients = [test.client("/apps/app"), test.client("/apps/app")];
    await test.node.close();
    await settle();
    assert.deepEqual(clients.map(({ socket }) => socket.closed?.code), [3001, 3001]);
    assert.equal(test.logs.length, 2);
  });
}

Deno.test("messages without content that wait for an app are bounded too", async () => {
  const slow = defineApp({ message: () => new Promise(() => {}) });
  await using test = new TestNode({
    apps: { slow },
    config: { outboxBytes: 16 * 1024, maxMessageBytes: 4096 },
  });
  const client = test.client("/apps/slow");
  for (let n = 0; n < 20_000 && client.socket.closed === undefined; n++) client.listener.onMessage("");
  assert.notEqual(client.socket.closed, undefined);
});

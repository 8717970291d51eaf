import assert from "node:assert/strict";
import type { Backend } from "../../backend/backend.ts";
import { memoryBackend, MemoryHub } from "../../backend/memory/mod.ts";
import type { Clock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import { newNodeId, type NodeId } from "../../core/ids.ts";
import { createLogger } from "../../core/log.ts";
import { settle } from "../../testing/fake_socket.ts";
import { type NodeCallOptions, NodeCalls } from "./node_calls.ts";

class TestClock implements Clock {
  nowMs = 1_000;
  monotonicMs(): number {
    return this.nowMs;
  }
  wallMs(): number {
    return this.nowMs;
  }
}

interface TestNode {
  readonly id: NodeId;
  readonly calls: NodeCalls;
  readonly backend: Backend;
  readonly packets: string[];
}

/** Nodes over one hub and one clock; what the first logs. */
class Cluster {
  readonly hub = new MemoryHub();
  readonly clock = new TestClock();
  readonly logs: string[] = [];

  node(options?: NodeCallOptions): TestNode {
    const id = newNodeId();
    const packets: string[] = [];
    const take = (message: string) => (packets.push(message), calls.take(message));
    const backend = memoryBackend(this.hub)(id, {
      onChannelMessage: (_channel, message) => take(message),
      onNodeMessage: take,
      onState: () => {},
    });
    const log = createLogger({
      level: "warn",
      format: "json",
      clock: this.clock,
      write: (line) => this.logs.push(line),
    });
    const { clock } = this;
    const calls = new NodeCalls({ bus: backend.bus, self: id, clock, log, ...(options ? { options } : {}) });
    return { id, calls, backend, packets };
  }
}

function rejects(promise: Promise<unknown>, code: number): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof ClientError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

const tiny: NodeCallOptions = { limits: { maxCalls: 2, maxChars: 10 }, maxPayloadChars: 8, tickMs: 100 };

Deno.test("NodeCalls.call() answers with what the other node's method returned, at once or later", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  b.calls.serve("now", ({ from, payload, leftMs }) => `${from === a.id} ${payload} ${leftMs}`);
  b.calls.serve("later", ({ payload }) => settle().then(() => payload + "!"));
  assert.equal(await a.calls.call(b.id, "now", "é\n🚀", 500), "true é\n🚀 500");
  assert.equal(await a.calls.call(b.id, "later", "x", 500), "x!");
  assert.equal(a.calls.pending, 0);
});

Deno.test("NodeCalls.call() packs the calls of one tick to one node into one packet, and so their answers", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  b.calls.serve("echo", ({ payload }) => payload);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => a.calls.call(b.id, "echo", `${i}`, 500)),
  );
  assert.deepEqual(answers, Array.from({ length: 50 }, (_, i) => `${i}`));
  assert.deepEqual([a.packets.length, b.packets.length], [1, 1]);
});

Deno.test("NodeCalls.call() rejects with the other node's ClientError, with 100 for a fault, 104 for no method", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  b.calls.serve("refuse", () => {
    throw new ClientError("permissionDenied", { detail: "not you" });
  });
  b.calls.serve("break", () => Promise.reject(new TypeError("secret")));
  await assert.rejects(a.calls.call(b.id, "refuse", "", 500), {
    code: 103,
    message: "permission denied: not you",
  });
  await assert.rejects(a.calls.call(b.id, "break", "", 500), { code: 100, message: "internal server error" });
  assert.match(cluster.logs.join("\n"), /secret/);
  await rejects(a.calls.call(b.id, "nothing", "", 500), 104);
});

Deno.test("NodeCalls.call() rejects 408 when the node does not answer in time, and drops the late answer", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  let answer: (text: string) => void = () => {};
  b.calls.serve("slow", () => new Promise((resolve) => answer = resolve));
  const call = a.calls.call(b.id, "slow", "", 500);
  const failed = rejects(call, 408);
  await settle();
  cluster.clock.nowMs += 400;
  a.calls.tick();
  assert.equal(a.calls.pending, 1);
  cluster.clock.nowMs += 200;
  a.calls.tick();
  await failed;
  answer("too late");
  await settle();
  assert.equal(a.calls.pending, 0);
});

Deno.test("NodeCalls.call() rejects 410 at once when nobody has that id, and when the node leaves meanwhile", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  await rejects(a.calls.call(newNodeId(), "echo", "", 60_000), 410);
  b.calls.serve("never", () => new Promise(() => {}));
  const failed = rejects(a.calls.call(b.id, "never", "", 60_000), 410);
  await settle();
  a.calls.forgetNode(newNodeId());
  assert.equal(a.calls.pending, 1);
  a.calls.forgetNode(b.id);
  await failed;
  const again = a.calls.call(b.id, "never", "", 60_000);
  await rejects(again, 410);
});

Deno.test("NodeCalls.call() rejects 100 when the backend does not take it, except to the node itself", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  a.calls.serve("echo", ({ payload }) => payload);
  await a.backend.close();
  await rejects(a.calls.call(b.id, "echo", "", 500), 100);
  assert.equal(await a.calls.call(a.id, "echo", "me", 500), "me");
});

Deno.test("NodeCalls.call() rejects 413 and 111 past its own bounds, 429 past those of the other node", async () => {
  const cluster = new Cluster();
  const [a, b, c] = [cluster.node(tiny), cluster.node(tiny), cluster.node()];
  b.calls.serve("never", () => new Promise(() => {}));
  b.calls.serve("long", () => "123456789");
  await rejects(a.calls.call(b.id, "never", "123456789", 500), 413);
  await rejects(c.calls.call(b.id, "long", "", 500), 413);
  void a.calls.call(b.id, "never", "123456", 500).catch(() => {});
  await rejects(a.calls.call(b.id, "never", "12345", 500), 111);
  void a.calls.call(b.id, "never", "1", 500).catch(() => {});
  await rejects(a.calls.call(b.id, "never", "", 500), 111);
  await settle();
  await rejects(c.calls.call(b.id, "never", "", 500), 429);
  b.calls.close();
  a.calls.close();
});

Deno.test("NodeCalls takes an answer only from the node that was asked", async () => {
  const cluster = new Cluster();
  const [a, b, c] = [cluster.node(), cluster.node(), cluster.node()];
  b.calls.serve("never", () => new Promise(() => {}));
  const call = a.calls.call(b.id, "never", "", 500);
  await settle();
  await c.backend.bus.sendToNode(a.id, `1c${c.id}\na1,4\nfake`);
  await settle();
  assert.equal(a.calls.pending, 1);
  await b.backend.bus.sendToNode(a.id, `1c${b.id}\na1,4\nreal`);
  assert.equal(await call, "real");
});

Deno.test("NodeCalls.gather() answers once all who subscribe have, or at the deadline with those who did", async () => {
  const cluster = new Cluster();
  const [a, b, c] = [cluster.node(), cluster.node(), cluster.node()];
  const silent = cluster.node();
  for (const [index, node] of [a, b, c].entries()) {
    node.calls.serve("who", ({ payload }) => `${payload}${index}`);
    await node.backend.bus.subscribe("user:w/u");
  }
  const texts = async (asked: ReturnType<NodeCalls["gather"]>) =>
    (await asked).answers.map((each) => each.payload).sort();
  assert.deepEqual(await texts(a.calls.gather("user:w/u", "who", "n", 60_000)), ["n0", "n1", "n2"]);
  assert.deepEqual(await texts(a.calls.gather("user:w/nobody", "who", "n", 60_000)), []);
  silent.calls.serve("who", () => new Promise(() => {}));
  await silent.backend.bus.subscribe("user:w/u");
  const asked = b.calls.gather("user:w/u", "who", "m", 500);
  const partial = texts(asked);
  await settle();
  cluster.clock.nowMs += 600;
  b.calls.tick();
  assert.deepEqual(await partial, ["m0", "m1", "m2"]);
  assert.equal((await asked).isComplete, false);
});

Deno.test("NodeCalls.gather() counts a failure as an answer without a payload", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  for (const node of [a, b]) await node.backend.bus.subscribe("user:w/u");
  a.calls.serve("who", () => "a");
  assert.deepEqual(await a.calls.gather("user:w/u", "who", "", 60_000), {
    answers: [{ node: a.id, payload: "a" }],
    isComplete: false,
  });
});

Deno.test("NodeCalls.survey() names who answered and who did not", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  const nobody = newNodeId();
  for (const node of [a, b]) node.calls.serve("ask", ({ payload }) => `${payload} from ${node.id}`);
  const { answers, missing } = await a.calls.survey([a.id, b.id, nobody], "ask", "hi", 500);
  assert.deepEqual(
    new Map(answers.map((each) => [each.node, each.payload])),
    new Map([
      [a.id, `hi from ${a.id}`],
      [b.id, `hi from ${b.id}`],
    ]),
  );
  assert.deepEqual(missing.map(({ node, error }) => [node, error.code]), [[nobody, 410]]);
});

Deno.test("NodeCalls.tell() and tellAll() reach their listeners, the node itself included", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  const heard: string[] = [];
  a.calls.listen("news", (payload, from) => heard.push(`a: ${payload} ${from === a.id}`));
  b.calls.listen("news", (payload, from) => heard.push(`b: ${payload} ${from === a.id}`));
  a.calls.tell(a.id, "news", "1");
  a.calls.tell(b.id, "news", "2");
  a.calls.tell(b.id, "unknown", "3");
  await settle();
  assert.deepEqual(heard, ["a: 1 true", "b: 2 true"]);
  await a.calls.tellAll("news", "4");
  await settle();
  assert.deepEqual(heard.slice(2).sort(), ["a: 4 true", "b: 4 true"]);
});

Deno.test("NodeCalls.close() fails what still waits, and a packet that cannot be read is dropped with a word", async () => {
  const cluster = new Cluster();
  const [a, b] = [cluster.node(), cluster.node()];
  b.calls.serve("never", () => new Promise(() => {}));
  const failed = rejects(a.calls.call(b.id, "never", "", 60_000), 100);
  a.calls.close();
  await failed;
  assert.equal(b.calls.take(`1c${a.id}\nnonsense`), true);
  assert.equal(b.calls.take("1q7"), false);
  assert.match(cluster.logs.join("\n"), /cannot be read/);
});

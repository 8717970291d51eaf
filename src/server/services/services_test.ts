/** Services over nodes in memory: protocol, bounds, failures. Real processes are in tests/services_test.ts. */
import assert from "node:assert/strict";
import { MemoryHub } from "../../backend/memory/mod.ts";
import type { FakeClient } from "../../testing/fake_socket.ts";
import { settle } from "../../testing/fake_socket.ts";
import { TestNode } from "../../testing/test_node.ts";
import type { Hooks } from "../hooks/mod.ts";

type Json = Readonly<Record<string, unknown>>;

/** Nodes over one hub, started, with clients on demand. */
class Cluster implements AsyncDisposable {
  readonly #hub = new MemoryHub();
  readonly #nodes: TestNode[] = [];

  async node(hooks?: Hooks): Promise<TestNode> {
    const node = new TestNode({ hub: this.#hub, hooks });
    this.#nodes.push(node);
    node.node.start("127.0.0.1:1");
    await settle();
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await node[Symbol.asyncDispose]();
  }
}

/** A client that speaks by id. */
class Peer {
  readonly #client: FakeClient;
  #lastId = 1;
  readonly replies = new Map<number, Json>();
  readonly pushes: Json[] = [];

  constructor(client: FakeClient) {
    this.#client = client;
  }

  static async of(node: TestNode, path?: string): Promise<Peer> {
    return new Peer(await node.connected(path));
  }

  /** Reads what has come. */
  read(): void {
    for (const message of this.#client.take() as Json[]) {
      if (typeof message.id === "number") this.replies.set(message.id, message);
      else if (message.push) this.pushes.push((message.push as { message: { data: Json } }).message.data);
    }
  }

  /** Starts an rpc; answers its id. */
  async start(method: string, data: unknown): Promise<number> {
    const id = ++this.#lastId;
    await this.#client.sendText(JSON.stringify({ id, rpc: { method, data } }));
    await settle();
    return id;
  }

  /** The reply to `id`: its data, or its error's code. */
  reply(id: number): unknown {
    this.read();
    const reply = this.replies.get(id);
    if (reply === undefined) return "none yet";
    return reply.error === undefined ? (reply.rpc as Json).data : (reply.error as Json).code;
  }

  async rpc(method: string, data: unknown): Promise<unknown> {
    return this.reply(await this.start(method, data));
  }

  async say(data: unknown): Promise<void> {
    await this.#client.send({ send: { data } });
    await settle();
  }

  /** The pushes since the last look. */
  async pushed(): Promise<Json[]> {
    await settle();
    this.read();
    return this.pushes.splice(0);
  }

  /** The only call that has come; its body. */
  async call(): Promise<Json & { readonly id: string }> {
    const [push, ...more] = await this.pushed();
    assert.ok(push?.call, `a call was wanted, there is ${JSON.stringify(push)}`);
    assert.deepEqual(more, []);
    return push.call as Json & { id: string };
  }

  leave(): void {
    this.#client.listener.onClose(1000, "");
  }
}

const math = { id: "math", functions: { add: {}, count: { stream: true } } };

Deno.test("services.call reaches a provider on another node with all it needs, and brings its value back", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [provider, caller] = [await Peer.of(a), await Peer.of(b)];
  const registered = await provider.rpc("services.register", math) as Json;
  assert.deepEqual(Object.keys(registered).sort(), ["client", "id", "workspace"]);
  const id = await caller.start("services.call", { service: "math", function: "add", args: [1, { x: "é" }] });
  const call = await provider.call();
  assert.deepEqual(
    { ...call, id: "", caller: "" },
    { id: "", service: "math", function: "add", args: [1, { x: "é" }], caller: "", deadline_ms: 5_000 },
  );
  assert.deepEqual(Object.keys(call.caller as Json), ["client"]);
  assert.equal(caller.reply(id), "none yet");
  await provider.say({ result: { id: call.id, value: { sum: 3 } } });
  assert.deepEqual(caller.reply(id), { value: { sum: 3 } });
  const short = await caller.start("math.add", [1]);
  await provider.say({ result: { id: (await provider.call()).id, value: null } });
  assert.equal(caller.reply(short), null);
});

Deno.test("services.call goes round the providers of all nodes in turn, and to one that is named", async () => {
  await using cluster = new Cluster();
  const nodes = [await cluster.node(), await cluster.node(), await cluster.node()];
  const providers = await Promise.all(nodes.map((node) => Peer.of(node)));
  const ids: unknown[] = [];
  for (const each of providers) ids.push((await each.rpc("services.register", math) as Json).client);
  const caller = await Peer.of(nodes[0] as TestNode);
  for (let i = 0; i < 9; i++) await caller.start("math.add", i);
  const counts = await Promise.all(providers.map(async (each) => (await each.pushed()).length));
  assert.deepEqual(counts, [3, 3, 3]);
  for (let i = 0; i < 3; i++) {
    await caller.start("services.call", { service: "math", function: "add", client: ids[1] });
  }
  const named = await Promise.all(providers.map(async (each) => (await each.pushed()).length));
  assert.deepEqual(named, [0, 3, 0]);
  assert.equal(
    await caller.rpc("services.call", { service: "math", function: "add", client: "nobody" }),
    404,
  );
});

Deno.test("services.list and services.get tell of all nodes at once, and no more of who has gone", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [one, two, reader] = [await Peer.of(a), await Peer.of(b), await Peer.of(b)];
  assert.deepEqual(await reader.rpc("services.list", undefined), []);
  const first = await one.rpc("services.register", { ...math, name: "Math" }) as Json;
  const second = await two.rpc("services.register", math) as Json;
  const listed = await reader.rpc("services.list", {}) as Json[];
  assert.deepEqual(listed.map(({ id, workspace, providers }) => [id, workspace, providers]), [[
    "math",
    "default",
    2,
  ]]);
  const details = await reader.rpc("services.get", { id: "math" }) as Json;
  assert.deepEqual(new Set(details.clients as string[]), new Set([first.client, second.client]));
  assert.deepEqual(details.functions, math.functions);
  one.leave();
  await settle();
  assert.deepEqual((await reader.rpc("services.get", { id: "math" }) as Json).clients, [second.client]);
  assert.deepEqual(await two.rpc("services.unregister", { id: "math" }), {});
  assert.equal(await two.rpc("services.unregister", { id: "math" }), 404);
  assert.deepEqual(await reader.rpc("services.list", {}), []);
  assert.equal(await reader.rpc("services.get", { id: "math" }), 404);
});

Deno.test("a call answers 404 for no service and no function, 107 for wrong arguments, before a provider sees it", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [provider, caller] = [await Peer.of(a), await Peer.of(b)];
  const params = { type: "array", items: { type: "number" } };
  await provider.rpc("services.register", { id: "math", functions: { add: { params } } });
  assert.equal(await caller.rpc("none.add", 1), 404);
  assert.equal(await caller.rpc("math.none", 1), 404);
  assert.equal(await caller.rpc("math.constructor", 1), 404);
  assert.equal(await caller.rpc("math.add", ["x"]), 107);
  assert.equal(await caller.rpc("nodot", 1), 104);
  assert.equal(await caller.rpc("services.nothing", 1), 404);
  assert.deepEqual(await provider.pushed(), []);
});

Deno.test("services.register answers 107 for names and schemas that cannot be, and replaces an older offer", async () => {
  await using cluster = new Cluster();
  const peer = await Peer.of(await cluster.node());
  const wrong = [
    { id: "services", functions: {} },
    { id: "a/b", functions: {} },
    { id: "", functions: {} },
    { functions: {} },
    { id: "x", functions: { "a.b": {} } },
    { id: "x", functions: { a: { params: { $ref: "http://example.com" } } } },
    { id: "x", functions: { a: { params: { pattern: "(?=a)" } } } },
    { id: "x", functions: {}, concurrency: 0 },
    { id: "x", functions: {}, visibility: "all" },
    undefined,
  ];
  for (const request of wrong) assert.equal(await peer.rpc("services.register", request), 107);
  const long = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`f${i}`, { description: "x".repeat(4_000) }]),
  );
  assert.equal(await peer.rpc("services.register", { id: "x", functions: long }), 413);
  await peer.rpc("services.register", { id: "x", functions: { old: {} } });
  await peer.rpc("services.register", { id: "x", functions: { new: {} } });
  assert.deepEqual((await peer.rpc("services.get", { id: "x" }) as Json).functions, { new: {} });
  for (let i = 0; i < 63; i++) await peer.rpc("services.register", { id: `s${i}`, functions: {} });
  assert.equal(await peer.rpc("services.register", { id: "more", functions: {} }), 106);
});

Deno.test("a provider at its limit refuses with 429, and another one is asked before the caller hears of it", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [one, two, caller] = [await Peer.of(a), await Peer.of(b), await Peer.of(b)];
  for (const each of [one, two]) await each.rpc("services.register", { ...math, concurrency: 1 });
  const running = [await caller.start("math.add", 1), await caller.start("math.add", 2)];
  assert.equal(await caller.rpc("math.add", 3), 429);
  const call = await one.call();
  await one.say({ result: { id: call.id, value: "done" } });
  assert.equal(running.map((id) => caller.reply(id)).filter((each) => each === "done").length, 1);
  // Whoever's turn it is, the one that has room gets it.
  await caller.start("math.add", 4);
  assert.equal((await one.pushed()).length, 1);
});

Deno.test("a provider that leaves ends its calls with 410 at once; a caller that leaves cancels its own", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [provider, caller] = [await Peer.of(a), await Peer.of(b)];
  await provider.rpc("services.register", math);
  const first = await caller.start("math.add", 1);
  provider.leave();
  await settle();
  assert.equal(caller.reply(first), 410);
  const next = await Peer.of(a);
  await next.rpc("services.register", math);
  await caller.start("math.add", 2);
  const { id } = await next.call();
  caller.leave();
  assert.deepEqual(await next.pushed(), [{ cancel: { id } }]);
  for (const { node } of [a, b]) {
    assert.deepEqual(node.session.services.running, { hosted: 0, calls: 0, streams: 0, callers: 0 });
    assert.equal(node.session.calls.pending, 0);
  }
});

Deno.test("a call whose client left while the hook's turn was decided is not begun, and nothing is kept of it", async () => {
  await using cluster = new Cluster();
  const a = await cluster.node();
  const b = await cluster.node({ onRpc: () => ({ data: null }) });
  const [provider, caller] = [await Peer.of(a), await Peer.of(b)];
  await provider.rpc("services.register", math);
  const asking = caller.start("math.add", 1);
  caller.leave();
  await asking;
  assert.deepEqual(await provider.pushed(), []);
  assert.deepEqual(b.node.session.services.running, { hosted: 0, calls: 0, streams: 0, callers: 0 });
});

Deno.test("a provider answers its own calls alone, each once, and 502 stands for what cannot be read", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [provider, thief, caller] = [await Peer.of(a), await Peer.of(a), await Peer.of(b)];
  await provider.rpc("services.register", math);
  await thief.rpc("services.register", { id: "other", functions: {} });
  const first = await caller.start("math.add", 1);
  const call = await provider.call();
  await thief.say({ result: { id: call.id, value: "stolen" } });
  await caller.say({ result: { id: call.id, value: "stolen" } });
  assert.equal(caller.reply(first), "none yet");
  await provider.say({ error: { id: call.id, code: 1_234, message: "own" } });
  await provider.say({ result: { id: call.id, value: "late" } });
  assert.equal(caller.reply(first), 1_234);
  const malformed = [
    (id: string) => ({ result: { id } }),
    (id: string) => ({ error: { id, code: "x", message: "" } }),
    (id: string) => ({ error: { id, code: 20, message: "" } }),
    (id: string) => ({ chunk: { id, value: 1 } }),
    (id: string) => ({ end: { id } }),
  ];
  for (const word of malformed) {
    const asked = await caller.start("math.add", 1);
    const { id } = await provider.call();
    await provider.say(word(id));
    assert.equal(caller.reply(asked), 502);
    assert.deepEqual(await provider.pushed(), [{ cancel: { id } }]);
  }
  for (const word of [{ result: 1 }, { result: {} }, { cancel: { id: 1 } }, [], null, "x", {}]) {
    await provider.say(word);
  }
});

Deno.test("a stream crosses nodes in order, within what its caller grants, and ends with a word", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [provider, caller] = [await Peer.of(a), await Peer.of(b)];
  await provider.rpc("services.register", math);
  const asked = await caller.start("services.call", { service: "math", function: "count", stream: true });
  const call = await provider.call();
  assert.deepEqual([call.stream, call.credit], [true, 64]);
  const { call: id } = caller.reply(asked) as { call: string };
  for (let i = 0; i < 64; i++) await provider.say({ chunk: { id: call.id, value: i } });
  const items = (await caller.pushed()).map(({ chunk }) => chunk as Json);
  assert.deepEqual(items, Array.from({ length: 64 }, (_, i) => ({ id, seq: i, value: i })));
  await caller.say({ credit: { id, n: 2 } });
  assert.deepEqual(await provider.pushed(), [{ credit: { id: call.id, n: 2 } }]);
  await provider.say({ chunk: { id: call.id, value: "last" } });
  await provider.say({ end: { id: call.id } });
  assert.deepEqual(await caller.pushed(), [{ chunk: { id, seq: 64, value: "last" } }, { end: { id } }]);
  assert.deepEqual([a, b].map(({ node }) => node.session.services.running), [
    { hosted: 0, calls: 0, streams: 0, callers: 0 },
    { hosted: 0, calls: 0, streams: 0, callers: 1 },
  ]);
});

Deno.test("a stream that sends more than it was granted ends with 429, on both sides", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [provider, caller] = [await Peer.of(a), await Peer.of(b)];
  await provider.rpc("services.register", math);
  const asked = await caller.start("services.call", { service: "math", function: "count", stream: true });
  const { id } = await provider.call();
  for (let i = 0; i < 65; i++) await provider.say({ chunk: { id, value: i } });
  const pushes = await caller.pushed();
  assert.equal(pushes.length, 65);
  assert.equal(((pushes.at(-1) as Json).error as Json).code, 429);
  assert.equal((pushes.at(-1)?.error as Json).id, (caller.reply(asked) as Json).call);
  assert.deepEqual(await provider.pushed(), [{ cancel: { id } }]);
});

Deno.test("a stream is cancelled by its caller's word, by its going, and ends 410 when its provider goes", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const [provider, caller, goer] = [await Peer.of(a), await Peer.of(b), await Peer.of(b)];
  await provider.rpc("services.register", math);
  const open = async (peer: Peer) => {
    const asked = await peer.start("services.call", { service: "math", function: "count", stream: true });
    return { own: (peer.reply(asked) as Json).call, theirs: (await provider.call()).id };
  };
  const first = await open(caller);
  await goer.say({ cancel: { id: first.own } });
  await caller.say({ cancel: { id: first.own } });
  assert.deepEqual(await provider.pushed(), [{ cancel: { id: first.theirs } }]);
  const second = await open(goer);
  goer.leave();
  assert.deepEqual(await provider.pushed(), [{ cancel: { id: second.theirs } }]);
  const third = await open(caller);
  provider.leave();
  const [end] = await caller.pushed();
  assert.deepEqual([(end?.error as Json).id, (end?.error as Json).code], [third.own, 410]);
});

Deno.test("another workspace sees and calls what is public, and nothing else", async () => {
  await using cluster = new Cluster();
  const [a, b] = [await cluster.node(), await cluster.node()];
  const provider = await Peer.of(a, "/one/connection/websocket");
  const guest = await Peer.of(b, "/two/connection/websocket");
  await provider.rpc("services.register", { ...math, id: "own" });
  await provider.rpc("services.register", { ...math, id: "open", visibility: "public" });
  assert.deepEqual(await guest.rpc("services.list", {}), []);
  const seen = await guest.rpc("services.list", { workspace: "one" }) as Json[];
  assert.deepEqual(seen.map(({ id }) => id), ["open"]);
  assert.equal(await guest.rpc("services.get", { id: "own", workspace: "one" }), 404);
  const call = { function: "add", workspace: "one" };
  assert.equal(await guest.rpc("services.call", { ...call, service: "own" }), 404);
  assert.equal(await guest.rpc("services.call", { service: "open", function: "add" }), 404);
  assert.equal(await guest.rpc("open.add", 1), 404);
  assert.deepEqual(await provider.pushed(), []);
  await guest.start("services.call", { ...call, service: "open" });
  await provider.call();
});

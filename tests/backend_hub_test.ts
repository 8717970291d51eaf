import assert from "node:assert/strict";
import type { Backend } from "../src/backend/backend.ts";
import { hubBackend, serveHub } from "../src/backend/hub/mod.ts";
import { memoryBackend, MemoryHub } from "../src/backend/memory/mod.ts";
import { newNodeId, type NodeId } from "../src/core/ids.ts";
import { backendContract, RecordingListener, type TestCluster } from "../src/testing/backend_contract.ts";
import { recordOf } from "../src/testing/node_records.ts";
import { inTime, until } from "../src/testing/waiting.ts";
import { writeAll } from "../src/testing/write_all.ts";

const SECRET = "a secret of the tests";

function openCluster(): Promise<TestCluster> {
  const server = serveHub({ secret: SECRET });
  const opened: Backend[] = [];
  return Promise.resolve({
    forgetsClosedNodes: true,
    async node(id: NodeId = newNodeId()) {
      const listener = new RecordingListener();
      const backend = hubBackend({ address: `127.0.0.1:${server.port}`, secret: SECRET })(id, listener);
      opened.push(backend);
      await listener.until("ready", () => backend.state === "ready");
      return { backend, listener };
    },
    async [Symbol.asyncDispose]() {
      for (const backend of opened) await backend.close();
      await server.close();
    },
  });
}

backendContract("hubBackend()", openCluster);

interface Opened {
  readonly backend: Backend;
  readonly listener: RecordingListener;
}

function openNode(port: number, secret = SECRET, node = newNodeId()): Opened {
  const listener = new RecordingListener();
  return { listener, backend: hubBackend({ address: `127.0.0.1:${port}`, secret })(node, listener) };
}

async function readyNode(port: number, node = newNodeId()): Promise<Opened> {
  const opened = openNode(port, SECRET, node);
  await opened.listener.until("ready", () => opened.backend.state === "ready");
  return opened;
}

async function troubleOf({ backend, listener }: Opened): Promise<string> {
  await listener.until("the end", () => backend.state === "closed");
  await backend.close();
  assert.deepEqual(listener.states.at(-1), "closed");
  return backend.trouble ?? "";
}

/** One frame as a node would send it. */
function frame(kind: number, number: number, first = "", second = ""): Uint8Array {
  const [a, b] = [new TextEncoder().encode(first), new TextEncoder().encode(second)];
  const bytes = new Uint8Array(13 + a.length + b.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4);
  view.setUint8(4, kind);
  view.setUint32(5, number);
  view.setUint32(9, a.length);
  bytes.set(a, 13);
  bytes.set(b, 13 + a.length);
  return bytes;
}

/** Reads until the other side hangs up, and answers what it sent. */
async function readToEnd(conn: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return text;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

const HELLO = 1;
const PUBLISH = 4;
const SUBSCRIBE = 6;

Deno.test("serveHub() refuses a secret of under 16 characters", () => {
  assert.throws(() => serveHub({ secret: "short" }), RangeError);
});

Deno.test("hubBackend() says closed and why when the secret is wrong", async () => {
  const server = serveHub({ secret: SECRET });
  assert.match(await troubleOf(openNode(server.port, "another secret of the tests")), /secret is wrong/);
  await server.close();
});

Deno.test("hubBackend() says closed and why when its node id is connected already", async () => {
  const server = serveHub({ secret: SECRET });
  const node = newNodeId();
  const first = await readyNode(server.port, node);
  assert.match(await troubleOf(openNode(server.port, SECRET, node)), /is connected/);
  assert.equal(first.backend.state, "ready");
  await first.backend.close();
  await server.close();
});

Deno.test("hubBackend() says closed and why when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const opened = openNode(port);
  assert.equal(opened.backend.state, "connecting");
  assert.match(opened.backend.trouble ?? "", /waiting for the hub/);
  const early = assert.rejects(opened.backend.bus.subscribe("room"), { code: 100 });
  assert.match(await troubleOf(opened), /cannot reach the hub at 127\.0\.0\.1/);
  await early;
});

Deno.test("hubBackend() throws TypeError on an address that is not host:port", () => {
  for (const address of ["nowhere", "127.0.0.1:", ":80", "127.0.0.1:x", "a b:80"]) {
    assert.throws(() => hubBackend({ address, secret: SECRET }), TypeError);
  }
});

Deno.test("serveHub() refuses another format and says so", async () => {
  const server = serveHub({ secret: SECRET });
  const conn = await Deno.connect({ port: server.port });
  await writeAll(conn, frame(HELLO, 99, SECRET, newNodeId()));
  const answer = new Uint8Array(1_000);
  const count = await conn.read(answer);
  assert.match(new TextDecoder().decode(answer.subarray(0, count ?? 0)), /format 1, the node 99/);
  conn.close();
  await server.close();
});

Deno.test("serveHub() hangs up on strangers: silent for 2 s, no hello, too long a hello", async () => {
  const server = serveHub({ secret: SECRET });
  const openings = [new Uint8Array([0]), frame(PUBLISH, 0, "room", "x"), frame(HELLO, 1, "x".repeat(2_000))];
  await Promise.all(openings.map(async (opening) => {
    const conn = await Deno.connect({ port: server.port });
    await writeAll(conn, opening);
    assert.equal(
      await readToEnd(conn).catch((cause) => cause instanceof Deno.errors.ConnectionReset ? "" : cause),
      "",
    );
    conn.close();
  }));
  await server.close();
});

Deno.test("serveHub() hangs up on a stranger whom it accepts in the moment of its close", async () => {
  const server = serveHub({ secret: SECRET });
  // Of several at once one is accepted while the close begins.
  const connecting = Array.from(
    { length: 6 },
    () => Deno.connect({ port: server.port }).catch(() => undefined),
  );
  await Promise.race(connecting);
  const closed = server.close();
  for (const conn of await Promise.all(connecting)) {
    if (conn === undefined) continue;
    // Sooner than a stranger who says nothing is hung up on.
    await inTime("the end", readToEnd(conn).catch(() => ""), 1_000);
    conn.close();
  }
  await closed;
});

Deno.test("serveHub() hangs up on a node that sends nonsense, and serves the others on", async () => {
  const server = serveHub({ secret: SECRET });
  const { backend, listener } = await readyNode(server.port);
  for (const nonsense of [frame(77, 1), new Uint8Array(64).fill(255), new Uint8Array(64)]) {
    const conn = await Deno.connect({ port: server.port });
    await writeAll(conn, frame(HELLO, 1, SECRET, newNodeId()));
    await writeAll(conn, nonsense);
    await readToEnd(conn).catch((cause) => assert.ok(cause instanceof Deno.errors.ConnectionReset));
    conn.close();
  }
  await backend.bus.subscribe("room");
  backend.bus.publish("room", "still here", () => {});
  await listener.until("its message", () => listener.on("room").length > 0);
  await backend.close();
  await server.close();
});

Deno.test("serveHub() drops a node that does not read, and the publisher goes on", async () => {
  const lines: string[] = [];
  const server = serveHub({ secret: SECRET, log: (line) => void lines.push(line) });
  const stuck = await Deno.connect({ port: server.port });
  await writeAll(stuck, frame(HELLO, 1, SECRET, newNodeId()));
  await writeAll(stuck, frame(SUBSCRIBE, 1, "room"));
  const { backend } = await readyNode(server.port);
  const message = "x".repeat(1 << 20);
  for (let i = 0; i < 64 && lines.length === 0; i++) {
    await new Promise<void>((resolve, reject) =>
      backend.bus.publish("room", message, (e) => e ? reject(e) : resolve())
    );
  }
  assert.match(lines[0] ?? "", /does not read/);
  stuck.close();
  await backend.close();
  await server.close();
});

Deno.test("serveHub() forgets a node at once when its connection ends", async () => {
  const server = serveHub({ secret: SECRET });
  const [a, b] = [newNodeId(), newNodeId()];
  const [nodeA, nodeB] = [await readyNode(server.port, a), await readyNode(server.port, b)];
  await nodeA.backend.registry.beat(recordOf(a), 60_000);
  await nodeA.backend.registry.putClients([{
    client: "c",
    workspace: "w",
    user: "u",
    name: "n",
    connectedMs: 0,
  }]);
  assert.equal((await nodeB.backend.registry.clientsOf(a)).length, 1);
  await nodeA.backend.close();
  await until("it is forgotten", async () => (await nodeB.backend.registry.nodes()).length === 0);
  assert.deepEqual(await nodeB.backend.registry.clientsOf(a), []);
  await nodeB.backend.close();
  await server.close();
});

Deno.test("serveHub() shares its hub with nodes inside the process, both ways", async () => {
  const hub = new MemoryHub();
  const server = serveHub({ secret: SECRET, hub });
  const inside = new RecordingListener();
  const insideId = newNodeId();
  const local = memoryBackend(hub)(insideId, inside);
  const outsideId = newNodeId();
  const { backend, listener } = await readyNode(server.port, outsideId);
  await Promise.all([local.bus.subscribe("room"), backend.bus.subscribe("room")]);
  local.bus.publish("room", "from inside é", () => {});
  await listener.until("it", () => listener.on("room").length > 0);
  backend.bus.publish("room", "from outside é", () => {});
  await listener.until("both", () => listener.on("room").length > 1);
  await local.bus.sendToNode(outsideId, "to the outside");
  await backend.bus.sendToNode(insideId, "to the inside");
  await listener.until("its node message", () => listener.nodeMessages.length > 0);
  for (const each of [inside, listener]) {
    assert.deepEqual(each.on("room"), ["from inside é", "from outside é"]);
  }
  assert.deepEqual([...inside.nodeMessages, ...listener.nodeMessages], ["to the inside", "to the outside"]);
  await local.close();
  backend.bus.unsubscribe("room");
  await backend.bus.sendToAll("fence");
  assert.equal(hub.channels.size, 0);
  await backend.close();
  await server.close();
});

Deno.test("unsubscribe() keeps out what was under way", async () => {
  const fakeHub = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = fakeHub.accept();
  const { backend, listener } = openNode(fakeHub.addr.port);
  const conn = await accepted;
  const subscribed = [backend.bus.subscribe("left"), backend.bus.subscribe("kept")];
  await writeAll(conn, new Uint8Array([...frame(2, 0), ...frame(11, 1), ...frame(11, 2)]));
  await Promise.all(subscribed);
  backend.bus.unsubscribe("left");
  await writeAll(
    conn,
    new Uint8Array([...frame(PUBLISH, 0, "left", "late"), ...frame(PUBLISH, 0, "kept", "x")]),
  );
  await listener.until("x", () => listener.on("kept").length > 0);
  assert.deepEqual(listener.on("left"), []);
  await backend.close();
  conn.close();
  fakeHub.close();
});

Deno.test("close() of the hub ends its nodes: closed, and all that waits fails with 100", async () => {
  const server = serveHub({ secret: SECRET });
  const opened = await readyNode(server.port);
  const { bus } = opened.backend;
  await bus.subscribe("room");
  const closing = server.close();
  const results = Promise.allSettled([
    bus.subscribe("other"),
    new Promise<void>((resolve, reject) =>
      bus.publish("room", "x", (error) => error ? reject(error) : resolve())
    ),
  ]);
  assert.match(await troubleOf(opened), /^the hub has ended/);
  for (const result of await results) assert.equal(result.status === "rejected" && result.reason.code, 100);
  assert.deepEqual(bus.subscriptions(), { desired: 2, confirmed: 0 });
  assert.deepEqual(opened.listener.states, ["ready", "closed"]);
  await closing;
  await server.close();
});

Deno.test("publish() and subscribe() fail with 100 at their deadlines when the hub stands still", async () => {
  const silentHub = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silentHub.accept();
  const listener = new RecordingListener();
  const backend = hubBackend({ address: `127.0.0.1:${silentHub.addr.port}`, secret: SECRET })(
    newNodeId(),
    listener,
  );
  const conn = await accepted;
  await writeAll(conn, frame(2, 0));
  await listener.until("ready", () => backend.state === "ready");
  const startMs = performance.now();
  const subscribed = assert.rejects(backend.bus.subscribe("room"), { code: 100 });
  const error = await new Promise<Error | undefined>((resolve) => backend.bus.publish("room", "x", resolve));
  const publishMs = performance.now() - startMs;
  assert.match(error?.message ?? "", /did not answer in time/);
  assert.ok(publishMs > 1_900 && publishMs < 3_500, `publish failed after ${publishMs} ms`);
  await subscribed;
  const subscribeMs = performance.now() - startMs;
  assert.ok(subscribeMs > 4_900 && subscribeMs < 6_500, `subscribe failed after ${subscribeMs} ms`);
  assert.deepEqual(backend.bus.subscriptions(), { desired: 1, confirmed: 0 });
  assert.equal(backend.state, "ready");
  await backend.close();
  conn.close();
  silentHub.close();
});

Deno.test("publish() fails with 100 when the queue to a hub that does not read is full", async () => {
  const silentHub = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silentHub.accept();
  const { backend } = openNode(silentHub.addr.port);
  const errors: (Error | undefined)[] = [];
  await new Promise<void>((resolve) => {
    for (let i = 0; i < 20; i++) {
      backend.bus.publish(
        "room",
        "x".repeat(1 << 20),
        (error) => void (errors.push(error) === 20 && resolve()),
      );
    }
    assert.deepEqual(errors, []);
    accepted.then(async (conn) => {
      await backend.close();
      conn.close();
    });
  });
  assert.match(errors[0]?.message ?? "", /closed/);
  assert.match(errors[19]?.message ?? "", /queue to the hub is full/);
  silentHub.close();
});

Deno.test("hubBackend() says closed when the hub's process is killed", async () => {
  const door = new URL("../src/backend/hub/mod.ts", import.meta.url).href;
  const code = `import { serveHub } from "${door}"; console.log(serveHub({ secret: "${SECRET}" }).port);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "--no-lock", code], stdout: "piped" })
    .spawn();
  const reader = child.stdout.getReader();
  let isKilled = false;
  try {
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    const [a, b] = [await readyNode(port), await readyNode(port)];
    await b.backend.bus.subscribe("room");
    a.backend.bus.publish("room", "hello", () => {});
    await b.listener.until("hello", () => b.listener.on("room").length > 0);
    const startMs = performance.now();
    child.kill("SIGKILL");
    isKilled = true;
    assert.match(await troubleOf(a), /^the hub has ended/);
    assert.match(await troubleOf(b), /^the hub has ended/);
    assert.ok(performance.now() - startMs < 2_000);
  } finally {
    if (!isKilled) child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
  }
});

Deno.test("a hub's backend tells what its connection carried", async () => {
  const server = serveHub({ secret: SECRET });
  const listener = new RecordingListener();
  const backend = hubBackend({ address: `127.0.0.1:${server.port}`, secret: SECRET })(newNodeId(), listener);
  try {
    await listener.until("ready", () => backend.state === "ready");
    const before = backend.traffic;
    await backend.bus.subscribe("room");
    const payload = "x".repeat(1_000);
    await new Promise<void>((resolve) => backend.bus.publish("room", payload, () => resolve()));
    const after = backend.traffic;
    assert.ok(before && after);
    assert.equal(after.connections, 1);
    assert.equal(after.commands - before.commands, 2);
    assert.ok(after.sentBytes - before.sentBytes > 1_000);
    assert.ok(after.receivedBytes - before.receivedBytes > 0);
  } finally {
    await backend.close();
    await server.close();
  }
  assert.equal(backend.traffic?.connections, 0);
});

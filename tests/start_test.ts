/** One node as a process: how it starts without its Redis, ends by signals, and runs under the tasks. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  isAlive,
  NodeAddress,
  NodeProcess,
  pause,
  survivors,
  TestProcess,
  until,
} from "../src/testing/processes.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";
import { WireClient } from "../src/testing/raw_client.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { inTime } from "../src/testing/waiting.ts";

const failingCode = fileURLToPath(new URL("fixtures/failing_code.ts", import.meta.url));

interface Ready {
  readonly ready: boolean;
  readonly cause?: string;
}

Deno.test("a node whose Redis is not there says so, waits, and is ready once it is", async () => {
  await using redis = await RedisServer.prepare({ port: unusedPort() });
  await using node = NodeProcess.launch({ redisUrl: redis.url });
  await node.process.matches(/"The node listens"/g);
  await node.process.matches(
    new RegExp(`Waiting for the backend.*127\\.0\\.0\\.1:${redis.port}.*refused`, "gi"),
  );

  const { status, body } = await node.json<Ready>("/health/ready");
  assert.equal(status, 503);
  assert.equal(body.ready, false);
  assert.match(
    body.cause ?? "",
    new RegExp(`Redis at 127\\.0\\.0\\.1:${redis.port}: .*refused.*; trying again`, "i"),
  );
  assert.equal((await node.json("/health")).status, 503);
  assert.equal((await node.json("/health/live")).status, 200);
  assert.equal((await node.json("/stats")).status, 503);

  using client = await SdkClient.open(node.ws);
  await assert.rejects(client.centrifuge.publish("early", 1), { code: 100 });
  const early = client.centrifuge.newSubscription("early", {
    minResubscribeDelay: 100,
    maxResubscribeDelay: 300,
  });
  early.subscribe();
  await pause(1_000);
  await redis.start();
  console.log(`measured: node ready ${await node.ready(5_000)} ms after its Redis was started`);
  await early.ready(6_000);
  const heard = Promise.withResolvers<unknown>();
  early.on("publication", ({ data }) => heard.resolve(data));
  await client.centrifuge.publish("early", "now");
  assert.equal(await inTime("the publication", heard.promise), "now");
  assert.deepEqual(node.faults, []);
});

Deno.test("a node drains at SIGTERM at its pace, takes nobody new meanwhile, and ends with 0", async () => {
  await using node = await NodeProcess.start({ set: { drain_rate_per_s: 20 } });
  const clients = await Promise.all(Array.from({ length: 20 }, () => WireClient.connected(node.ws)));
  const startMs = performance.now();
  node.process.signal("SIGTERM");
  await until("it drains", async () => (await node.health()).status === "draining", 1_000);
  assert.equal((await node.json<Ready>("/health/ready")).body.cause, "draining");
  await assert.rejects(WireClient.open(node.ws));
  const ends = await Promise.all(clients.map((client) => client.closing()));
  assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([3001]));
  assert.deepEqual(await node.process.end(), { code: 0, signal: null });
  const ms = performance.now() - startMs;
  assert.ok(ms > 700 && ms < 3_000, `it took ${ms} ms`);
  assert.deepEqual(node.faults, []);
});

Deno.test("a node ends at once at a second SIGTERM, and still tells its clients 3001", async () => {
  await using node = await NodeProcess.start({ set: { drain_rate_per_s: 1, drain_max_ms: 60_000 } });
  const clients = await Promise.all(Array.from({ length: 50 }, () => WireClient.connected(node.ws)));
  node.process.signal("SIGTERM");
  node.process.signal("SIGTERM");
  await pause(1_200);
  assert.equal(node.process.hasEnded, false);
  const startMs = performance.now();
  node.process.signal("SIGTERM");
  const ends = await Promise.all(clients.map((client) => client.closing()));
  assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([3001]));
  assert.deepEqual(await node.process.end(), { code: 0, signal: null });
  assert.ok(performance.now() - startMs < 2_000);
});

Deno.test("a node tells its clients 3001 and ends with 1 when nobody caught an error", async (t) => {
  for (
    const [signal, message] of [["SIGUSR1", "thrown by a timer"], ["SIGUSR2", "rejected unseen"]] as const
  ) {
    await t.step(message, async () => {
      await using node = await NodeProcess.start({
        runtimeFlags: ["--preload", failingCode],
        set: { drain_rate_per_s: 20 },
      });
      const clients = await Promise.all(Array.from({ length: 10 }, () => WireClient.connected(node.ws)));
      node.process.signal(signal);
      node.process.signal(signal);
      const ends = await Promise.all(clients.map((client) => client.closing()));
      assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([3001]));
      assert.deepEqual(await node.process.end(), { code: 1, signal: null });
      assert.match(
        node.process.text,
        new RegExp(`"level":"error".*Nobody caught.*${message}.*failing_code.ts:`),
      );
      assert.match(node.process.text, /"Draining","why":"an error that nobody caught"/);
    });
  }
});

Deno.test("a node names the port that is taken and what to do, and ends with 1", async () => {
  await using first = await NodeProcess.start();
  await using second = NodeProcess.launch({ port: first.port });
  assert.equal((await second.process.end()).code, 1);
  assert.match(second.process.text, new RegExp(`127\\.0\\.0\\.1:${first.port}: the port is taken.*--port`));
  assert.equal((await first.health()).status, "ok");
});

Deno.test("deno task start runs a node", async () => {
  const address = new NodeAddress(unusedPort());
  await using task = new TestProcess(Deno.execPath(), ["task", "start", "--port", String(address.port)]);
  await until("it is ready", () => address.isReady(), 20_000);
  const [node] = await childrenOf(task.pid);
  assert.ok(node);
  Deno.kill(node, "SIGTERM");
  assert.equal((await task.end()).code, 0);
  assert.equal(await isAlive(node), false);
});

Deno.test("deno task cluster leaves nothing behind when it is killed", async () => {
  const address = new NodeAddress(unusedPort());
  const words = ["--instances", "1", "--port", String(address.port), "--shared-port", "0"];
  await using task = new TestProcess(Deno.execPath(), ["task", "cluster", ...words]);
  await task.matches(/cluster of 1 node is up/gi);
  const [supervisor = 0] = await childrenOf(task.pid);
  const family = [supervisor, ...await childrenOf(supervisor)];
  assert.equal(family.length, 2);
  task.signal("SIGKILL");
  try {
    const ms = await until("all are gone", async () => (await survivors(family)).length === 0, 5_000);
    console.log(`measured: cluster gone ${ms} ms after kill -9 of its task runner`);
  } finally {
    for (const pid of await survivors(family)) Deno.kill(pid, "SIGKILL");
  }
  const file = fileURLToPath(new URL(`../.shoal/cluster-${address.port}.json`, import.meta.url));
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
});

/** Pids of the processes that `pid` has started and that still run. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "pid=", "--ppid", String(pid)] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line.trim() !== "").map(Number);
}

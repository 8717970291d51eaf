/** Services across real nodes and Redis: balanced, over the SDK and HTTP, and typed failures when something is killed. */
import assert from "node:assert/strict";
import {
  type IncomingCall,
  serve,
  type ServedService,
  service,
  ServiceError,
  streams,
} from "../src/client/mod.ts";
import { NodeProcess, pause, root, TestProcess, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";

interface Provided {
  name(): string;
  hang(): void;
  drip(): AsyncIterable<string>;
}

/** Rejects with a `ServiceError` of `code`. */
async function failsWith(code: number, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** A provider that can be killed, and its client id. */
async function providerProcess(node: NodeProcess, name: string) {
  const program = `${root}/src/testing/service_process.ts`;
  const process = new TestProcess(Deno.execPath(), ["run", "--allow-net", program, node.ws, name]);
  const [match] = await process.matches(/serving as (\S+)/g);
  return Object.assign(process, { client: match?.[1] ?? "" });
}

interface Slow {
  name(): string;
  hang(): void;
  drip(): AsyncIterable<number>;
}

/** A service of this process with room for one call that never ends and one stream that goes on for ever. */
class SlowService implements AsyncDisposable {
  readonly #hanging = Promise.withResolvers<void>();
  #isAborted = false;
  #isDry = false;
  #served: ServedService | undefined;

  static async open({ centrifuge }: SdkClient): Promise<SlowService> {
    const slow = new SlowService();
    const functions = {
      name: () => "slow",
      hang: { handle: slow.#hang },
      drip: { handle: () => slow.#drip(), stream: true },
    };
    slow.#served = await serve(centrifuge, { id: "slow", concurrency: 2, functions });
    return slow;
  }

  /** Somebody waits for a call that never ends. */
  get hanging(): Promise<void> {
    return this.#hanging.promise;
  }

  /** Resolves once the call was aborted and the stream was left, and nothing runs. */
  async idle(withinMs: number): Promise<void> {
    const isIdle = () => this.#isAborted && this.#isDry && this.#served?.running === 0;
    await until("the provider is told", isIdle, withinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#served?.stop();
  }

  readonly #hang = ({ signal }: IncomingCall) => {
    this.#hanging.resolve();
    signal.addEventListener("abort", () => this.#isAborted = true);
    return new Promise(() => {});
  };

  async *#drip() {
    try {
      for (let i = 0;; i++, await pause(20)) yield i;
    } finally {
      this.#isDry = true;
    }
  }
}

/** Words for a process that calls and reads the slow service from `node`. */
function callerWords(node: NodeProcess): readonly string[] {
  return ["run", "--allow-net", `${root}/src/testing/calling_process.ts`, node.ws, "slow"];
}

const UNDER_WAY = [
  ...["shoal_service_calls_waiting", "shoal_service_streams_read", "shoal_service_calls_hosted"],
  "shoal_node_requests_waiting",
];

/** Waits until `nodes` keep nothing of any call. */
async function idle(nodes: readonly NodeProcess[]): Promise<void> {
  for (const { port } of nodes) {
    await until(`node ${port} keeps no call`, async () => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return UNDER_WAY.every((name) => page.includes(`\n${name} 0\n`));
    });
  }
}

/** How often each name answers. */
async function tally(count: number, ask: () => Promise<string>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const name = await ask();
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Calls by POST, with no arguments; answers the value. */
async function post(node: NodeProcess, path: string): Promise<string> {
  const url = `http://127.0.0.1:${node.port}${path}`;
  const headers = { "content-type": "application/json", connection: "close" };
  const response = await fetch(url, { method: "POST", headers });
  assert.equal(response.status, 200);
  return (await response.json()).value;
}

Deno.test("services: providers and callers on three nodes", async (t) => {
  await using redis = await RedisServer.open();
  const set = { beat_interval_ms: 200, node_suspect_ms: 600, node_dead_ms: 1_500 };
  const options = { redisUrl: redis.url, set };
  await using a = await NodeProcess.start(options);
  await using b = await NodeProcess.start(options);
  await using c = await NodeProcess.start(options);
  await using one = await providerProcess(a, "one");
  await using two = await providerProcess(b, "two");
  using caller = await SdkClient.open(c.ws, { timeout: 20_000 });
  const who = service<Provided>(caller.centrifuge, "who", { timeoutMs: 15_000 });

  await t.step("callers of every node are served by both in turn, over the SDK and over HTTP", async () => {
    assert.deepEqual(await tally(20, () => who.name()), { one: 10, two: 10 });
    for (const node of [a, b, c]) {
      assert.deepEqual(await tally(10, () => post(node, "/default/services/who/name")), { one: 5, two: 5 });
      const { status, body } = await node.json<{ id: string; providers: number }[]>("/default/services");
      assert.deepEqual([status, body.map(({ id, providers }) => [id, providers])], [200, [["who", 2]]]);
      const details = await node.json<{ clients: string[] }>("/default/services/who");
      assert.deepEqual(new Set(details.body.clients), new Set([one.client, two.client]));
    }
  });

  await t.step("kill -9 of a provider in mid-call: 410 within a second, and the other goes on", async () => {
    const { client: provider } = two;
    const hanging = service<Provided>(caller.centrifuge, "who", { timeoutMs: 15_000, provider }).hang();
    const failure = failsWith(410, hanging);
    await two.matches(/hanging/g);
    const killedMs = performance.now();
    await two.kill();
    await failure;
    assert.ok(performance.now() - killedMs < 1_000);
    assert.deepEqual(await tally(4, () => who.name()), { one: 4 });
  });

  await t.step("kill -9 of a caller over HTTP in mid-call: its provider is cancelled", async () => {
    using provider = await SdkClient.open(a.ws);
    await using slow = await SlowService.open(provider);
    const post = ["-s", "-N", "-X", "POST", "-H", "content-type: application/json"];
    const base = `http://127.0.0.1:${c.port}/default/services/slow`;
    await using hanging = new TestProcess("curl", [...post, `${base}/hang`]);
    await using dripping = new TestProcess("curl", [...post, `${base}/drip`]);
    await Promise.all([slow.hanging, dripping.matches(/"value":2/g)]);
    await Promise.all([hanging.kill(), dripping.kill()]);
    await slow.idle(1_000);
    await idle([a, c]);
  });

  await t.step("kill -9 of a caller in mid-call: its call and its stream end within a second", async () => {
    using provider = await SdkClient.open(a.ws);
    await using slow = await SlowService.open(provider);
    await using process = new TestProcess(Deno.execPath(), callerWords(c));
    await Promise.all([slow.hanging, process.matches(/an item/g, 3)]);
    await failsWith(429, service<Slow>(caller.centrifuge, "slow").name());
    await process.kill();
    await slow.idle(1_000);
    assert.equal(await service<Slow>(caller.centrifuge, "slow").name(), "slow");
    await idle([a, c]);
  });

  await t.step(
    "kill -9 of a caller's node in mid-call: the same within a second of its detection",
    async () => {
      await using d = await NodeProcess.start(options);
      using provider = await SdkClient.open(a.ws);
      await using slow = await SlowService.open(provider);
      await using process = new TestProcess(Deno.execPath(), callerWords(d));
      await Promise.all([slow.hanging, process.matches(/an item/g, 3)]);
      await failsWith(429, service<Slow>(caller.centrifuge, "slow").name());
      // It would call again over its next connection, if the node came back.
      const killing = d.kill();
      await slow.idle(1_500 + 1_000);
      await killing;
      assert.equal(await service<Slow>(caller.centrifuge, "slow").name(), "slow");
      await idle([a, c]);
    },
  );

  await t.step(
    "kill -9 of a provider's node: 410 within a second of its detection, then the others",
    async () => {
      using other = await SdkClient.open(b.ws);
      await using _ = await serve(other.centrifuge, { id: "who", functions: { name: () => "three" } });
      // Nobody judges before he has himself beaten for a while.
      await pause(2_000);
      const { client: provider } = one;
      const items = streams<Provided>(caller.centrifuge, "who", { provider }).drip()[Symbol.asyncIterator]();
      assert.equal((await items.next()).value, "one");
      const broken = failsWith(410, items.next());
      const hanging = service<Provided>(caller.centrifuge, "who", { timeoutMs: 15_000, provider }).hang();
      const failure = failsWith(410, hanging);
      await one.matches(/hanging/g);
      const killedMs = performance.now();
      await a.kill();
      await Promise.all([failure, broken]);
      // Dead after 1.5 s of silence, or 0.6 s and two looks; a beat is 200 ms.
      assert.ok(
        performance.now() - killedMs < 1_500 + 1_000,
        `${Math.round(performance.now() - killedMs)} ms`,
      );
      assert.deepEqual(await tally(4, () => who.name()), { three: 4 });
      const { body } = await c.json<{ providers: number }[]>("/default/services");
      assert.deepEqual(body.map(({ providers }) => providers), [1]);
    },
  );

  for (const node of [b, c]) assert.deepEqual(node.faults, []);
});

/** Changing a cluster while it serves: what clients, HTTP callers and nodes of other versions notice. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../src/testing/cluster_process.ts";
import { NodeProcess, pause, TestProcess, until } from "../src/testing/processes.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { SdkClient } from "../src/testing/sdk_client.ts";
import { unusedPort } from "../src/testing/unused_ports.ts";

const OLDER = { address: "10.0.0.9:8080", version: "0.0.9", pid: 1, startedMs: 0, isDraining: false };

/** Writes a node into the registry that beats once, with a record in `formats`. */
async function fakeNode(redis: RedisServer, id: string, formats: unknown): Promise<void> {
  const [seconds] = /\d{10}/.exec(await redis.command("TIME")) ?? [];
  const record = JSON.stringify({ ...OLDER, ...(formats === undefined ? {} : { formats }) });
  await redis.command("SET", `shoal:{ctl}node:${id}`, `'${record}'`);
  await redis.command("ZADD", "shoal:{ctl}nodes", `${Number(seconds)}000`, id);
}

/** Keeps a fake node alive: it beats every 500 ms. */
function beating(redis: RedisServer, id: string, formats: unknown): Disposable {
  const timer = setInterval(() => void fakeNode(redis, id, formats), 500);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

for (
  const { what, formats, says } of [
    { what: "an older", formats: undefined, says: /writes the older format 0, this node reads 1 only/ },
    {
      what: "a newer",
      formats: { writes: 3, readsFrom: 2, readsTo: 3 },
      says: /writes the newer format 3, this node reads 1 only/,
    },
  ]
) {
  Deno.test(`a node does not become ready beside ${what} format, says why, and is ready once that has gone`, async () => {
    await using redis = await RedisServer.open({ port: unusedPort() });
    const id = "zzzzzzzzzzzzz";
    await fakeNode(redis, id, formats);
    await using one = await (async () => {
      using _ = beating(redis, id, formats);
      const node = NodeProcess.launch({ redisUrl: redis.url });
      try {
        await node.process.matches(/This node cannot join/g, 1);
        const { status, body } = await node.json<{ cause: string }>("/health/ready");
        assert.equal(status, 503);
        assert.match(body.cause, /cannot run beside node z+ at 10\.0\.0\.9:8080 \(version 0\.0\.9\)/);
        assert.match(body.cause, says);
        return node;
      } catch (error) {
        await node[Symbol.asyncDispose]();
        throw error;
      }
    })();
    // Silent for more than 5 s: dead, and no longer in the way.
    await one.ready(15_000);
    await using two = await NodeProcess.start({ redisUrl: redis.url });
    await until("each sees the other", async () => (await two.liveNodes()).length === 2, 5_000);
  });
}

import { redisBackend } from "../src/backend/redis/mod.ts";
import { newNodeId } from "../src/core/ids.ts";
import { backendContract, RecordingListener, type TestCluster } from "../src/testing/backend_contract.ts";
import { RedisServer } from "../src/testing/redis_server.ts";

/** Nodes of one prefix on a Redis of their own. */
async function openCluster(): Promise<TestCluster> {
  const server = await RedisServer.open();
  const opened: { close(): Promise<void> }[] = [];
  const factory = redisBackend({
    url: server.url,
    prefix: "shoal:",
    partitions: 64,
    publishTimeoutMs: 2_000,
    subscribeTimeoutMs: 5_000,
    commandTimeoutMs: 2_000,
  });
  return {
    async node(id = newNodeId()) {
      const listener = new RecordingListener();
      const backend = factory(id, listener);
      opened.push(backend);
      await listener.until("ready", () => backend.state === "ready");
      return { backend, listener };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each.close()));
      await server[Symbol.asyncDispose]();
    },
  };
}

backendContract("redisBackend()", openCluster);

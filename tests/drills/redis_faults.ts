/** Drills on Redis: it hangs, it restarts with its data, it restarts without, one node is cut off from it. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../../src/testing/cluster_process.ts";
import { NodeProcess, pause, until } from "../../src/testing/processes.ts";
import { RedisServer } from "../../src/testing/redis_server.ts";
import { TcpProxy } from "../../src/testing/tcp_proxy.ts";
import { unusedPort } from "../../src/testing/unused_ports.ts";
import {
  assertNothingMissing,
  assertNothingWrong,
  DURABLE,
  fleetFigures,
  FORGETFUL,
  throughFault,
} from "./bystanders.ts";
import type { Drill, DrillScale, Figures } from "./drill.ts";
import { Fleet } from "./fleet.ts";
import { areReady, assertNobodyLeft, idsOf } from "./witness.ts";

/** Promised: all nodes are ready again this long after Redis is back. */
const READY_WITHIN_MS = 5_000;
/** Channels without history that suffer beside the others, so that the loss there has a figure. */
const PLAIN_CHANNELS = 4;

interface Outage {
  /** Begins it. */
  readonly begin: (redis: RedisServer) => Promise<void> | void;
  readonly end: (redis: RedisServer) => Promise<void> | void;
  /** How long it lasts. */
  readonly awayMs: (scale: DrillScale) => number;
  /** Words for redis-server's command line. */
  readonly words?: readonly string[];
  /** Whether publications may be missing for those who are told `recovered: false`. */
  readonly mayForget: boolean;
}

/** Takes Redis away under load and gives it back. Nobody's connection ends, nobody is declared dead. */
async function outageDrill(
  scale: DrillScale,
  report: (figures: Figures) => void,
  outage: Outage,
): Promise<void> {
  await using redis = await RedisServer.open({ words: outage.words ?? [] });
  await using cluster = await ClusterProcess.start({ instances: 3, redisUrl: redis.url, set: scale.set });
  const idsBefore = await idsOf(cluster.nodes);
  const addresses = cluster.nodes.map(({ ws }) => ws);
  using plain = await Fleet.open({ ...scale, channels: PLAIN_CHANNELS, addresses, channelPrefix: FORGETFUL });
  plain.startPublishing();
  let readyMs = 0;
  using fleet = await throughFault(addresses, scale, DURABLE, async () => {
    await outage.begin(redis);
    await pause(outage.awayMs(scale));
    await outage.end(redis);
    readyMs = await until("all nodes are ready", () => areReady(cluster.nodes), READY_WITHIN_MS);
  });
  await plain.stopPublishing(3_000);
  report({ ...fleetFigures(fleet), nodes_ready_ms: readyMs, lost_without_history: plain.account().lost });
  if (outage.mayForget) assertNothingWrong(fleet.account());
  else assertNothingMissing(fleet.account());
  assert.deepEqual(await idsOf(cluster.nodes), idsBefore, "a node was declared dead");
  assertNobodyLeft(fleet);
}

/** Redis stands still: connections stay open, nothing answers. */
export const redisHangs: Drill = {
  name: "redis-hangs",
  fault: "Redis answers nothing for 20 s (long; 4 s short), then goes on",
  run: (scale, report) =>
    outageDrill(scale, report, {
      begin: (redis) => redis.pause(),
      end: (redis) => redis.resume(),
      awayMs: ({ name }) => name === "long" ? 20_000 : 4_000,
      mayForget: false,
    }),
};

/** Redis is killed and comes back with what its append-only file holds. */
export const redisRestarts: Drill = {
  name: "redis-restarts",
  fault: "Redis is killed and is back after 20 s (long; 3 s short) with its data",
  run: (scale, report) =>
    outageDrill(scale, report, {
      begin: (redis) => redis.stop(),
      end: (redis) => redis.start(),
      awayMs: ({ name }) => name === "long" ? 20_000 : 3_000,
      words: ["--appendonly", "yes", "--appendfsync", "always"],
      mayForget: true,
    }),
};

/** Redis is killed and comes back empty. */
export const redisForgets: Drill = {
  name: "redis-forgets",
  fault: "Redis is killed and is back at once without its data",
  run: (scale, report) =>
    outageDrill(scale, report, {
      begin: (redis) => redis.stop(),
      end: (redis) => redis.start(),
      awayMs: () => 1_000,
      mayForget: true,
    }),
};

/** The network between one node and Redis falls silent: nothing is closed, nothing arrives. */
export const partition: Drill = {
  name: "partition",
  fault:
    "one of three nodes is cut off from Redis for 2.4 times node_dead_ms, without a close, then joined again",
  async run(scale, report) {
    await using redis = await RedisServer.open();
    const { set } = scale;
    await using proxy = new TcpProxy(redis.port, unusedPort());
    await using one = await NodeProcess.start({ redisUrl: redis.url, set });
    await using two = await NodeProcess.start({ redisUrl: `redis://127.0.0.1:${proxy.port}`, set });
    await using three = await NodeProcess.start({ redisUrl: redis.url, set });
    const idBefore = (await two.health()).node;
    let readyMs = 0;
    using fleet = await throughFault([one.ws, two.ws, three.ws], scale, DURABLE, async () => {
      proxy.silence();
      await pause(2.4 * scale.deadAfterMs);
      proxy.resume({ isCut: true });
      readyMs = await until("the node is ready again", () => two.isReady(), READY_WITHIN_MS);
    });
    report({ ...fleetFigures(fleet), node_ready_ms: readyMs });
    assertNothingMissing(fleet.account());
    assert.notEqual((await two.health()).node, idBefore, "a node that was declared dead keeps its id");
  },
};

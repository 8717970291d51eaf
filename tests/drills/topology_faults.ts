/** Drills on a Redis of several servers: a master is killed, and its replica takes over. */
import assert from "node:assert/strict";
import { NodeProcess, pause, until } from "../../src/testing/processes.ts";
import { RedisCluster } from "../../src/testing/redis_cluster.ts";
import { RedisSentinel } from "../../src/testing/redis_sentinel.ts";
import { assertNothingWrong, DURABLE, fleetFigures, throughFault } from "./bystanders.ts";
import type { Drill, DrillScale, Figures } from "./drill.ts";
import { areReady, assertNobodyLeft, idsOf } from "./witness.ts";

/** The replica has taken over by then: the waits of the servers themselves, which are set short, and ours. */
const READY_WITHIN_MS = 20_000;
/** How long the master goes on without its replica before it is killed: what it takes then is gone. */
const BEHIND_MS = 1_000;

/** Kills a master under load on three nodes. Its replica may be behind, so subscribers may be told. */
async function failover(
  scale: DrillScale,
  report: (figures: Figures) => void,
  set: Readonly<Record<string, string>>,
  kill: () => Promise<void>,
): Promise<void> {
  await using nodes = new AsyncDisposableStack();
  const launch = async () => nodes.use(await NodeProcess.start({ set }));
  const all = await Promise.all([launch(), launch(), launch()]);
  const idsBefore = await idsOf(all);
  const times = { red: 0, ready: 0 };
  using fleet = await throughFault(all.map(({ ws }) => ws), scale, DURABLE, async () => {
    await kill();
    times.red = await until("a node is not ready", async () => !await areReady(all), READY_WITHIN_MS);
    times.ready = await until("all nodes are ready", () => areReady(all), READY_WITHIN_MS);
  });
  report({
    ...fleetFigures(fleet),
    not_ready_after_ms: times.red,
    ready_again_after_ms: times.red + times.ready,
  });
  // An offset that was given out twice would show as lost: recovered as if it were the other publication.
  assertNothingWrong(fleet.account());
  assert.deepEqual(await idsOf(all), idsBefore, "a node was declared dead");
  assertNobodyLeft(fleet);
}

/** The promoted replica has not seen the last second of its master. */
export const sentinelFailover: Drill = {
  name: "sentinel-failover",
  fault: "a master is killed 1 s after its replica was cut off; sentinels promote the replica",
  async run(scale, report) {
    await using group = await RedisSentinel.open({ sentinels: 3 });
    const [master, replica] = group.servers;
    const set = { redis_sentinels: group.sentinelUrls.join(","), redis_sentinel_master: group.name };
    await failover(scale, report, set, async () => {
      replica.pause();
      await master.command("CLIENT", "KILL", "TYPE", "replica");
      await pause(BEHIND_MS);
      await master.stop("SIGKILL");
      replica.resume();
    });
  },
};

/** The master that holds the membership of nodes, and a third of the channels. */
export const clusterMasterKilled: Drill = {
  name: "cluster-master-killed",
  fault: "the Redis Cluster master of the control keys is killed; its replica takes over",
  async run(scale, report) {
    await using cluster = await RedisCluster.open({ masters: 3, replicas: 3 });
    const answer = await cluster.masters[0]?.command("CLUSTER", "KEYSLOT", "shoal:{ctl}nodes");
    const master = await cluster.ownerOf(Number(/^:(\d+)/.exec(answer ?? "")?.[1]));
    await failover(scale, report, { redis_cluster: cluster.urls.join(",") }, () => master.stop("SIGKILL"));
  },
};

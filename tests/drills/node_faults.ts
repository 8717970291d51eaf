/** Drills on a node: killed, and frozen past its death. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../../src/testing/cluster_process.ts";
import { pause } from "../../src/testing/processes.ts";
import { RedisServer } from "../../src/testing/redis_server.ts";
import { assertNothingMissing, DURABLE, fleetFigures, throughFault, undisturbed } from "./bystanders.ts";
import type { Drill, DrillScale, Figures } from "./drill.ts";
import type { Fleet } from "./fleet.ts";
import { accountOfLeaves, type LeaveAccount, Witness } from "./witness.ts";

/** Promised: presence is right everywhere this long after a node died. */
const PRESENCE_WITHIN_MS = 6_000;
/** The cleaner is through by then. */
const LEAVES_WITHIN_MS = 10_000;

/** A fault of one node; resolves when it is over. `presenceIsRight` waits until nobody counts the dead node's clients. */
type Fault = (pid: number, presenceIsRight: () => Promise<void>) => Promise<void>;

/** Does `fault` to the second of three nodes under load, and holds the others to what they promise. */
async function faultOfNode(
  scale: DrillScale,
  report: (figures: Figures) => void,
  fault: Fault,
  set: DrillScale["set"] = {},
): Promise<void> {
  await using redis = await RedisServer.open();
  await using cluster = await ClusterProcess.start({ instances: 3, redisUrl: redis.url, set });
  const [one, victim, three] = cluster.nodes;
  assert.ok(one && victim && three);
  const deadId = (await victim.health()).node;
  const addresses = cluster.nodes.map(({ ws }) => ws);
  using witness = await Witness.open([one.ws, three.ws]);
  let presenceMs = 0;
  using fleet = await throughFault(addresses, scale, DURABLE, async (fleet) => {
    await fault(cluster.pidOf(victim.port), async () => {
      presenceMs = await witness.presenceIsRight(
        fleet,
        PRESENCE_WITHIN_MS,
        (client) => nodeOf(client) !== deadId,
      );
    });
  });
  const backMs = await witness.presenceIsRight(fleet, PRESENCE_WITHIN_MS);
  const leaves = await leavesTold(fleet);
  report({
    ...fleetFigures(fleet),
    presence_without_the_dead_ms: presenceMs,
    presence_complete_again_ms: backMs,
    leaves_owed: leaves.pairs,
    leaves_once: leaves.once,
  });
  assertNothingMissing(fleet.account());
  assert.ok(leaves.pairs > 0, "nobody left: the drill hit nobody");
  assert.equal(leaves.once, leaves.pairs, JSON.stringify(leaves));
  assert.notEqual((await victim.health()).node, deadId, "the dead id came back to life");
}

/** The node that a client id names. */
function nodeOf(client: string): string {
  return client.split(".", 1)[0] ?? "";
}

/** Waits for the last leave that is owed, then takes the account, whatever it is. */
async function leavesTold(fleet: Fleet): Promise<LeaveAccount> {
  const stayed = undisturbed(fleet);
  const deadlineMs = performance.now() + LEAVES_WITHIN_MS;
  while (performance.now() < deadlineMs && accountOfLeaves(fleet, stayed).never > 0) await pause(100);
  return accountOfLeaves(fleet, stayed);
}

/** kill -9 of a node, which has to be noticed in the usual time. */
export const killNode: Drill = {
  name: "kill-node",
  fault: "kill -9 of one of three nodes",
  run: (scale, report) =>
    faultOfNode(scale, report, async (pid, presenceIsRight) => {
      Deno.kill(pid, "SIGKILL");
      await presenceIsRight();
    }),
};

/** SIGSTOP until it is declared dead, then SIGCONT. */
export const freezeNode: Drill = {
  name: "freeze-node",
  fault: "SIGSTOP of one of three nodes for twice node_dead_ms, then SIGCONT",
  run: (scale, report) =>
    faultOfNode(scale, report, async (pid, presenceIsRight) => {
      Deno.kill(pid, "SIGSTOP");
      const thawed = pause(2 * scale.deadAfterMs).then(() => Deno.kill(pid, "SIGCONT"));
      await Promise.all([presenceIsRight(), thawed]);
    }, scale.set),
};

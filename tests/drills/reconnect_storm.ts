/** Drill on many clients that come back at the same moment. */
import assert from "node:assert/strict";
import { ClusterProcess } from "../../src/testing/cluster_process.ts";
import { pause, until } from "../../src/testing/processes.ts";
import { RedisServer } from "../../src/testing/redis_server.ts";
import { DURABLE, fleetFigures } from "./bystanders.ts";
import type { Drill } from "./drill.ts";
import { Fleet } from "./fleet.ts";

/** All are back by then. */
const BACK_WITHIN_MS = 120_000;

/** All clients of one node lose it in the same instant and come back to its successor. */
export const reconnectStorm: Drill = {
  name: "reconnect-storm",
  fault: "10,000 clients (long; 600 short) reconnect at once after the kill of their node",
  async run(scale, report) {
    const clients = scale.name === "long" ? 10_000 : 600;
    await using redis = await RedisServer.open();
    await using cluster = await ClusterProcess.start({ instances: 3, redisUrl: redis.url });
    const [victim] = cluster.nodes;
    assert.ok(victim);
    using fleet = await Fleet.open({
      addresses: [victim.ws],
      channelPrefix: DURABLE,
      channels: clients / 20,
      subscribersPerChannel: 20,
      ratePerChannel: 0,
    });
    const pids = cluster.pids.length;
    const commandsBefore = await commandsOf(redis);
    Deno.kill(cluster.pidOf(victim.port), "SIGKILL");
    await pause(50);
    const backMs = await until("all are back", () => isBack(fleet), BACK_WITHIN_MS);
    const commands = await commandsOf(redis) - commandsBefore;
    report({
      clients,
      ...fleetFigures(fleet),
      all_back_ms: backMs,
      redis_commands: commands,
      redis_commands_per_reconnect: Math.round(commands / clients * 10) / 10,
    });
    assert.equal(cluster.pids.length, pids + 1, "more nodes than the killed one were started again");
    assert.deepEqual(cluster.faults, []);
  },
};

function isBack(fleet: Fleet): boolean {
  return fleet.listeners.every(({ isSubscribed, gapsMs }) => isSubscribed && gapsMs.length > 0);
}

/** Commands that Redis has carried out since it started, those in scripts and transactions included. */
async function commandsOf(redis: RedisServer): Promise<number> {
  const info = await redis.command("INFO", "stats");
  return Number(/total_commands_processed:(\d+)/.exec(info)?.[1]);
}

/** Drill on upgrades that change the format in which nodes speak and keep history. */
import assert from "node:assert/strict";
import { FORMAT } from "../../src/protocol/format.ts";
import { ClusterProcess } from "../../src/testing/cluster_process.ts";
import { RedisServer } from "../../src/testing/redis_server.ts";
import { ReleaseTree } from "../../src/testing/release_tree.ts";
import { assertNothingMissing, DURABLE, fleetFigures, throughFault } from "./bystanders.ts";
import type { Drill } from "./drill.ts";

const NODES = 2;
const NEXT = FORMAT + 1;
/** Releases in their order: one that reads the new format too, and then one that writes it. */
const RELEASES = [
  { writes: FORMAT, readsFrom: FORMAT, readsTo: NEXT },
  { writes: NEXT, readsFrom: FORMAT, readsTo: NEXT },
];
/** One too many: it reads neither what the first release writes nor what the second does. */
const TOO_FAR = { writes: NEXT + 2, readsFrom: NEXT + 1, readsTo: NEXT + 2 };

/** Rolls a cluster into whatever the tree holds now; answers how it ended. */
async function roll(cluster: ClusterProcess) {
  const startMs = performance.now();
  const { code, text } = await cluster.command("reload");
  return { code, text, tookMs: Math.round(performance.now() - startMs) };
}

/** Two `cluster reload`, each to the next release, while clients publish and recover. */
export const formatChange: Drill = {
  name: "format-change",
  fault:
    "two upgrades by cluster reload: to nodes that read a new message format, then to nodes that write it",
  async run(scale, report) {
    await using redis = await RedisServer.open();
    await using tree = await ReleaseTree.copy();
    await using cluster = await ClusterProcess.start({
      instances: NODES,
      redisUrl: redis.url,
      tree: tree.path,
    });
    const addresses = cluster.nodes.map(({ ws }) => ws);
    let rollsMs = 0;
    using fleet = await throughFault(addresses, scale, DURABLE, async () => {
      for (const formats of RELEASES) {
        await tree.speaks(formats);
        const { code, text, tookMs } = await roll(cluster);
        assert.equal(code, 0, text);
        rollsMs += tookMs;
      }
      if (scale.name === "long") await assertTooFarIsRefused(cluster, tree);
    });
    report({ ...fleetFigures(fleet), rolls_ms: rollsMs });
    assertNothingMissing(fleet.account());
    assert.match(await redis.command("XREVRANGE", await anyStream(redis), "+", "-", "COUNT", "1"), newFormat);
  },
};

/** How a publication begins that was stored in the new format. */
const newFormat = new RegExp(`\\n${NEXT}p`);

/** The key of some channel's history. */
async function anyStream(redis: RedisServer): Promise<string> {
  const reply = await redis.command("SCAN", "0", "COUNT", "10000", "TYPE", "stream");
  const key = /(shoal:\S+)/.exec(reply)?.[1];
  assert.ok(key, reply);
  return key;
}

/** A release that leaves one out stays outside: the reload stops at its first node, which the old ones outlive. */
async function assertTooFarIsRefused(cluster: ClusterProcess, tree: ReleaseTree): Promise<void> {
  const before = await Promise.all(cluster.nodes.map((node) => node.health()));
  await tree.speaks(TOO_FAR);
  const { code, text } = await roll(cluster);
  assert.notEqual(code, 0, text);
  assert.match(cluster.supervisor.text, new RegExp(`writes the older format ${NEXT}`));
  const after = await Promise.all(cluster.nodes.map((node) => node.health()));
  assert.deepEqual(after.map(({ node }) => node), before.map(({ node }) => node));
}

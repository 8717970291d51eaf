import type { NodeId } from "../../core/ids.ts";
import { encodeLeave } from "../../protocol/envelope.ts";
import type { Controls } from "./controls.ts";
import type { PartitionKeys, RedisKeys } from "./redis_keys.ts";
import { asNumber } from "./reply.ts";

/** How long a node counts as dead: longer than any paused process is expected to sleep before it writes again. */
export const DEAD_TTL_MS = 7 * 24 * 3_600_000;
const MEMBERS_PER_SCRIPT = 250;
const PARTITIONS_PER_BATCH = 4;
const LEAVE = encodeLeave("");

/** Stops a dead node's late writes in every partition, before anybody removes anything there. */
export async function markDead(controls: Controls, keys: RedisKeys, node: NodeId): Promise<void> {
  await Promise.all(
    keys.allPartitions.map((partition) =>
      controls.at(partition.place, (redis) => redis.set(partition.dead(node), "1", "PX", DEAD_TTL_MS))
    ),
  );
}

/**
 * Removes one bounded batch of a node's presence and tells the leaves, each once however many clean at the same time.
 * With `isDead` the node is marked first. Resolves with true when nothing is left.
 */
export async function cleanPresence(
  controls: Controls,
  keys: RedisKeys,
  node: NodeId,
  isDead: boolean,
): Promise<boolean> {
  const all = keys.allPartitions;
  const counts = await Promise.all(
    all.map(({ place, owned }) => controls.at(place, (redis) => redis.scard(owned(node)))),
  );
  const held = all.filter((_, i) => counts[i] !== 0);
  const batch = held.slice(0, PARTITIONS_PER_BATCH);
  const left = await Promise.all(batch.map((partition) => cleanPartition(controls, partition, node, isDead)));
  return held.length === batch.length && left.every((count) => count === 0);
}

async function cleanPartition(
  controls: Controls,
  partition: PartitionKeys,
  node: NodeId,
  isDead: boolean,
): Promise<number> {
  const { presencePrefix, channelPrefix, place } = partition;
  const keys = [partition.owned(node), partition.dead(node)];
  const words = [presencePrefix, channelPrefix, MEMBERS_PER_SCRIPT, LEAVE, isDead ? DEAD_TTL_MS : 0];
  return asNumber(await controls.at(place, (redis) => redis.shoalPresenceClean(...keys, ...words)));
}

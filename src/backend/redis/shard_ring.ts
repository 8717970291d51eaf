const MULTIPLIER = 2_862_933_555_777_941_757n;
const MASK = (1n << 64n) - 1n;

/**
 * Which of `shards` servers holds each partition, by jump consistent hashing (Lamping and Veach): one more server at
 * the end of the list takes its share from all others, and nothing else moves. It must never change: nodes of two
 * versions share the servers.
 */
export function shardRing(partitions: number, shards: number): readonly number[] {
  return Array.from({ length: partitions }, (_, partition) => jump(BigInt(partition), shards));
}

function jump(partition: bigint, shards: number): number {
  let key = partition;
  let found = 0;
  for (let next = 0; next < shards;) {
    found = next;
    key = (key * MULTIPLIER + 1n) & MASK;
    next = Math.floor((found + 1) * (2 ** 31 / (Number(key >> 33n) + 1)));
  }
  return found;
}

import type { NodeId } from "../../core/ids.ts";

/** The names that a whole partition shares; what they hold is of that partition alone. */
export interface PartitionKeys {
  /** Number of the partition: what is in it lives on one Redis. */
  readonly place: number;
  /** What stands before the escaped channel in {@linkcode RedisKeys.presence}. */
  readonly presencePrefix: string;
  /** What stands before the escaped channel in {@linkcode RedisKeys.channel}. */
  readonly channelPrefix: string;
  /** SET: `<client> <escaped channel>` of every member that a node has in channels of this partition. */
  owned(id: NodeId): string;
  /** STRING: mark that stops late writes of a dead node. */
  dead(id: NodeId): string;
}

/** Where everything lives in Redis: see the table of the layout in the architecture document. */
export interface RedisKeys {
  /** ZSET: node id -> last beat (Redis TIME, ms). */
  readonly nodes: string;
  /** ZSET: id of a buried node whose clean-up is not finished -> end of the claim (Redis TIME, ms). */
  readonly reaping: string;
  /** STRING: how many partitions this cluster has. */
  readonly partitions: string;
  /** Pub/sub: to every node. */
  readonly all: string;
  /** What {@linkcode RedisKeys.node} puts before the id. */
  readonly nodePrefix: string;
  /** STRING: JSON record of a node. */
  node(id: NodeId): string;
  /** STRING: tombstone. */
  tomb(id: NodeId): string;
  /** STRING: a cleaner's claim. */
  reap(id: NodeId): string;
  /** HASH: client id -> JSON record. */
  clients(id: NodeId): string;
  /** ZSET: user -> until (Redis TIME, ms). */
  revoked(workspace: string): string;
  /** What {@linkcode RedisKeys.services} puts before the workspace. */
  readonly servicesPrefix: string;
  /** What {@linkcode RedisKeys.servicesMeta} puts before the workspace. */
  readonly servicesMetaPrefix: string;
  /** HASH: `<service>/<client>` -> descriptor, JSON. */
  services(workspace: string): string;
  /** HASH: epoch and number of the offers of a workspace, and the bytes of their descriptors. */
  servicesMeta(workspace: string): string;
  /** SET: `<workspace> <service>/<client>` of every offer of a node. */
  ownedServices(id: NodeId): string;
  /** HASH: node id -> its share of a quota. */
  quota(name: string): string;
  /** Pub/sub: to one node. */
  nodeChannel(id: NodeId): string;
  /** Pub/sub: messages of one channel. */
  channel(channel: string): string;
  /** The channel whose pub/sub name is `name`; undefined when it is the name of something else. */
  channelOf(name: string): string | undefined;
  /** STRING: one counter. */
  count(key: string): string;
  /** STREAM: history of a channel, `<offset>-0` -> message. */
  stream(channel: string): string;
  /** HASH: epoch, top offset and generation of a history. */
  meta(channel: string): string;
  /** STRING: what a publish with an idempotency key came to. */
  idem(channel: string, keyHash: string): string;
  /** HASH: client id -> 1 (announced) or 0, then its info. */
  presence(channel: string): string;
  /** The partition of a channel, or of the key of a counter. */
  partitionOf(channel: string): PartitionKeys;
  /** Its number alone. */
  placeOf(channel: string): number;
  /** STRING: written now and then, to see whether the Redis of a place takes writes. */
  writable(place: number): string;
  /** Every partition. */
  readonly allPartitions: readonly PartitionKeys[];
}

/**
 * The names of one cluster. What belongs together carries one hash tag: `{ctl}`, or `{p<n>}` for the partition of a
 * channel. Throws `TypeError` when `prefix` holds a brace, which would move the hash tag.
 */
export function redisKeys(prefix: string, partitions: number): RedisKeys {
  if (/[{}]/.test(prefix)) {
    throw new TypeError(`Cannot use Redis prefix "${prefix}": want one without { and }`);
  }
  const control = `${prefix}{ctl}`;
  const placeOf = (text: string) => partitionOf(text, partitions);
  const inPartition = (kind: string, text: string) =>
    `${prefix}{p${placeOf(text)}}${kind}:${escapeName(text)}`;
  const allPartitions = Array.from({ length: partitions }, (_, n) => partitionKeys(n, `${prefix}{p${n}}`));
  return {
    nodes: `${control}nodes`,
    reaping: `${control}reaping`,
    partitions: `${control}partitions`,
    all: `${control}all`,
    nodePrefix: `${control}node:`,
    node: (id) => `${control}node:${id}`,
    tomb: (id) => `${control}tomb:${id}`,
    reap: (id) => `${control}reap:${id}`,
    clients: (id) => `${control}clients:${id}`,
    revoked: (workspace) => `${control}revoked:${workspace}`,
    servicesPrefix: `${control}services:`,
    servicesMetaPrefix: `${control}services_meta:`,
    services: (workspace) => `${control}services:${workspace}`,
    servicesMeta: (workspace) => `${control}services_meta:${workspace}`,
    ownedServices: (id) => `${control}owned_services:${id}`,
    quota: (name) => `${control}quota:${escapeName(name)}`,
    nodeChannel: (id) => `${prefix}node:{${id}}`,
    channel: (channel) => inPartition("ch", channel),
    channelOf(name) {
      const match = name.startsWith(prefix) && /^\{p\d+\}ch:([^]*)$/.exec(name.slice(prefix.length));
      return match ? unescapeName(match[1] ?? "") : undefined;
    },
    count: (key) => inPartition("count", key),
    stream: (channel) => inPartition("stream", channel),
    meta: (channel) => inPartition("meta", channel),
    idem: (channel, keyHash) => `${inPartition("idem", channel)}:${keyHash}`,
    presence: (channel) => inPartition("presence", channel),
    partitionOf(channel) {
      const found = allPartitions[placeOf(channel)];
      if (found === undefined) throw new RangeError(`Cannot use ${partitions} partitions: want at least 1`);
      return found;
    },
    allPartitions,
    placeOf,
    writable: (place) => `${place < partitions ? `${prefix}{p${place}}` : control}writable`,
  };
}

function partitionKeys(place: number, tagged: string): PartitionKeys {
  return {
    place,
    presencePrefix: `${tagged}presence:`,
    channelPrefix: `${tagged}ch:`,
    owned: (id) => `${tagged}owned:${id}`,
    dead: (id) => `${tagged}dead:${id}`,
  };
}

/**
 * The partition of a name, from 0 up to `partitions`: FNV-1a (32 bits) over its UTF-16 code units. It must never
 * change: nodes of two versions share a Redis.
 */
export function partitionOf(name: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}

/** Braces would move the hash tag, control characters break lines, lone surrogates do not survive UTF-8. */
const UNSAFE = /[%{}\p{Cc}\p{Cs}]/gu;

/** Percent-encodes what cannot stand in a key; {@linkcode unescapeName} takes it back. */
export function escapeName(name: string): string {
  return name.replace(UNSAFE, (unsafe) => {
    const code = unsafe.charCodeAt(0);
    const hex = code.toString(16).toUpperCase();
    return code < 256 ? `%${hex.padStart(2, "0")}` : `%u${hex}`;
  });
}

/** The name that {@linkcode escapeName} made this text of. */
export function unescapeName(text: string): string {
  return text.replace(/%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g, (_, wide, narrow) => {
    return String.fromCharCode(parseInt(wide ?? narrow, 16));
  });
}

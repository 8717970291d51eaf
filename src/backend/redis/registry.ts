import { type NodeId, parseNodeId } from "../../core/ids.ts";
import type { BeatAnswer, ClientRecord, NodeRecord, NodeRow, Registry, Suspect } from "../backend.ts";
import type { Control, ControlClient } from "./control.ts";
import { readClientRecord, readNodeRecord, writeClientRecord, writeNodeRecord } from "./records.ts";
import { cleanPresence, markDead } from "./presence_cleaner.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asList, asNumber, asText } from "./reply.ts";

/** A record outlives its beats by this much, for people who look; the registry itself goes by the beat. */
const RECORD_TTL_MS = 60_000;
/** Longer than any paused process is expected to sleep before it writes again. */
const TOMB_TTL_MS = 7 * 24 * 3_600_000;
const BATCH = 1_000;
/** Most suspects and unfinished clean-ups that one beat names; the next beats name the rest. */
const MAX_IDS = 1_000;

/** The registry in Redis. Each operation is one script; long lists go in batches of 1000 records. */
export class RedisRegistry implements Registry {
  readonly #control: Control;
  readonly #keys: RedisKeys;
  readonly #node: NodeId;
  readonly #partitions: number;

  constructor(control: Control, keys: RedisKeys, node: NodeId, partitions: number) {
    this.#control = control;
    this.#keys = keys;
    this.#node = node;
    this.#partitions = partitions;
  }

  beat(record: NodeRecord, suspectAfterMs: number): Promise<BeatAnswer> {
    return this.#control.runAnyway(async (redis) => {
      const answer = asList(await redis.shoalBeat(...this.#beatWords(record, suspectAfterMs)));
      const [standing, partitions, nowMs, isNew, clientCount, nodeCount, suspects, unfinished] = answer;
      this.#control.checkPartitions(asText(partitions));
      return {
        standing: standing === "buried" ? "buried" : "member",
        isNew: isNew === 1,
        nowMs: asNumber(nowMs),
        generation: this.#control.generation,
        clientCount: asNumber(clientCount),
        nodeCount: asNumber(nodeCount),
        suspects: await this.#readSuspects(redis, asList(suspects)),
        unfinished: asList(unfinished).map((id) => parseNodeId(asText(id))),
      };
    });
  }

  bury(node: NodeId, seenBeatMs: number, claimMs: number): Promise<boolean> {
    const { nodes, reaping } = this.#keys;
    const own = [this.#keys.node(node), this.#keys.tomb(node), this.#keys.reap(node)];
    const words = [node, seenBeatMs, claimMs, this.#node, TOMB_TTL_MS];
    return this.#control.run(async (redis) => {
      if (await redis.shoalBury(nodes, ...own, reaping, ...words) !== 1) return false;
      // Should this fail, the claim runs out and whoever takes over marks again.
      await markDead(redis, this.#keys, node);
      return true;
    });
  }

  clean(node: NodeId): Promise<boolean> {
    const { reaping } = this.#keys;
    const own = [this.#keys.reap(node), this.#keys.clients(node)];
    return this.#control.run(async (redis) => {
      if (await redis.zscore(reaping, node) === null) return true;
      // Presence first: the last step is the one that gives the claim back.
      if (!await cleanPresence(redis, this.#keys, node, true)) return false;
      return await redis.shoalClean(reaping, ...own, node, BATCH) === 1;
    });
  }

  nodes(): Promise<readonly NodeRow[]> {
    return this.#control.run(async (redis) => {
      const [now, ...cells] = asList(await redis.shoalNodes(this.#keys.nodes, this.#keys.nodePrefix));
      const nowMs = asNumber(now);
      const rows: NodeRow[] = [];
      for (let i = 0; i + 2 < cells.length; i += 3) {
        const record = readNodeRecord(parseNodeId(asText(cells[i])), asText(cells[i + 2]));
        rows.push({ ...record, silentMs: Math.max(0, nowMs - asNumber(cells[i + 1])) });
      }
      return rows;
    });
  }

  putClients(records: readonly ClientRecord[]): Promise<boolean> {
    return this.#write(records, false);
  }

  replaceClients(records: readonly ClientRecord[]): Promise<boolean> {
    return this.#write(records, true);
  }

  dropClients(clients: readonly string[]): Promise<void> {
    return this.#control.run(async (redis) => {
      const key = this.#keys.clients(this.#node);
      await Promise.all(batches(clients).map((batch) => redis.hdel(key, ...batch)));
    });
  }

  clientsOf(node: NodeId): Promise<readonly ClientRecord[]> {
    return this.#control.run(async (redis) => {
      const records = await redis.hgetall(this.#keys.clients(node));
      return Object.entries(records).map(([client, text]) => readClientRecord(client, text));
    });
  }

  leave(): Promise<void> {
    const keys = [this.#keys.nodes, this.#keys.node(this.#node), this.#keys.clients(this.#node)];
    return this.#control.run(async (redis) => {
      // Nobody would clean up later: a node that left is not dead.
      while (!await cleanPresence(redis, this.#keys, this.#node, false));
      await redis.shoalLeave(...keys, this.#node);
    });
  }

  #beatWords(record: NodeRecord, suspectAfterMs: number): readonly (string | number)[] {
    const { nodes, reaping, partitions } = this.#keys;
    const id = this.#node;
    const keys = [
      nodes,
      this.#keys.node(id),
      this.#keys.tomb(id),
      this.#keys.clients(id),
      reaping,
      partitions,
    ];
    return [...keys, id, writeNodeRecord(record), RECORD_TTL_MS, suspectAfterMs, this.#partitions, MAX_IDS];
  }

  async #readSuspects(redis: ControlClient, cells: readonly unknown[]): Promise<readonly Suspect[]> {
    if (cells.length === 0) return [];
    const nodes: { readonly node: NodeId; readonly beatMs: number }[] = [];
    for (let i = 0; i + 1 < cells.length; i += 2) {
      nodes.push({ node: parseNodeId(asText(cells[i])), beatMs: asNumber(cells[i + 1]) });
    }
    const names = nodes.map(({ node }) => this.#keys.nodeChannel(node));
    const counts = await redis.pubsub("NUMSUB", ...names);
    return nodes.map((suspect, i) => ({ ...suspect, hasListener: asNumber(counts[2 * i + 1]) > 0 }));
  }

  /** All batches are sent at once, so that what this node writes next comes after them. */
  #write(records: readonly ClientRecord[], isReplacing: boolean): Promise<boolean> {
    const keys = [this.#keys.tomb(this.#node), this.#keys.clients(this.#node)];
    return this.#control.run(async (redis) => {
      const parts = records.length === 0 ? [[]] : batches(records);
      const written = await Promise.all(
        parts.map((part, i) =>
          redis.shoalPutClients(
            ...keys,
            isReplacing && i === 0 ? 1 : 0,
            ...part.flatMap((record) => [record.client, writeClientRecord(record)]),
          )
        ),
      );
      return written.every((each) => each === 1);
    });
  }
}

function batches<T>(items: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += BATCH) parts.push(items.slice(at, at + BATCH));
  return parts;
}

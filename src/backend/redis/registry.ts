import { type NodeId, parseNodeId } from "../../core/ids.ts";
import type { BeatAnswer, ClientRecord, NodeRecord, NodeRow, Registry, Suspect } from "../backend.ts";
import type { Control } from "./control.ts";
import type { Commands, Controls } from "./controls.ts";
import { readClientRecord, readNodeRecord, writeClientRecord, writeNodeRecord } from "./records.ts";
import { cleanPresence, DEAD_TTL_MS, markDead } from "./presence_cleaner.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asList, asNumber, asText } from "./reply.ts";
import { cleanServices } from "./services.ts";

/** A record outlives its beats by this much, for people who look; the registry itself goes by the beat. */
const RECORD_TTL_MS = 60_000;
const BATCH = 1_000;
/** Most suspects and unfinished clean-ups that one beat names; the next beats name the rest. */
const MAX_IDS = 1_000;

/** The registry in Redis. Each operation is one script; long lists go in batches of 1000 records. */
export class RedisRegistry implements Registry {
  readonly #controls: Controls;
  readonly #keys: RedisKeys;
  readonly #node: NodeId;

  constructor(controls: Controls, keys: RedisKeys, node: NodeId) {
    this.#controls = controls;
    this.#keys = keys;
    this.#node = node;
  }

  async beat(record: NodeRecord, suspectAfterMs: number): Promise<BeatAnswer> {
    const answer = await this.#controls.beat(async (redis, control) => {
      const cells = asList(await redis.shoalBeat(...this.#beatWords(record, suspectAfterMs, control)));
      control.checkLayout(asText(cells[1]));
      return cells;
    });
    void this.#controls.probeWrites((redis, place) =>
      redis.set(this.#keys.writable(place), "1", "PX", RECORD_TTL_MS)
    );
    const [standing, _layout, nowMs, isNew, clientCount, nodeCount, suspects, unfinished] = answer;
    return {
      standing: standing === "buried" ? "buried" : "member",
      isNew: isNew === 1,
      nowMs: asNumber(nowMs),
      generation: this.#controls.generation,
      clientCount: asNumber(clientCount),
      nodeCount: asNumber(nodeCount),
      suspects: await this.#readSuspects(asList(suspects)),
      unfinished: asList(unfinished).map((id) => parseNodeId(asText(id))),
    };
  }

  async bury(node: NodeId, seenBeatMs: number, claimMs: number): Promise<boolean> {
    const { nodes, reaping } = this.#keys;
    const own = [this.#keys.node(node), this.#keys.tomb(node), this.#keys.reap(node)];
    const words = [node, seenBeatMs, claimMs, this.#node, DEAD_TTL_MS];
    const isOurs = await this.#run((redis) => redis.shoalBury(nodes, ...own, reaping, ...words));
    if (isOurs !== 1) return false;
    // Should this fail, the claim runs out and whoever takes over marks again.
    await markDead(this.#controls, this.#keys, node);
    return true;
  }

  async clean(node: NodeId): Promise<boolean> {
    const { reaping } = this.#keys;
    const own = [this.#keys.reap(node), this.#keys.clients(node)];
    if (await this.#run((redis) => redis.zscore(reaping, node)) === null) return true;
    // Presence first: the last step is the one that gives the claim back.
    if (!await cleanPresence(this.#controls, this.#keys, node, true)) return false;
    if (!await cleanServices(this.#controls, this.#keys, node)) return false;
    return await this.#run((redis) => redis.shoalClean(reaping, ...own, node, BATCH)) === 1;
  }

  nodes(): Promise<readonly NodeRow[]> {
    return this.#run(async (redis) => {
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
    return this.#run(async (redis) => {
      const key = this.#keys.clients(this.#node);
      await Promise.all(batches(clients).map((batch) => redis.hdel(key, ...batch)));
    });
  }

  clientsOf(node: NodeId): Promise<readonly ClientRecord[]> {
    return this.#run(async (redis) => {
      const records = await redis.hgetall(this.#keys.clients(node));
      return Object.entries(records).map(([client, text]) => readClientRecord(client, text));
    });
  }

  async leave(): Promise<void> {
    const keys = [this.#keys.nodes, this.#keys.node(this.#node), this.#keys.clients(this.#node)];
    // Nobody would clean up later: a node that left is not dead.
    while (!await cleanPresence(this.#controls, this.#keys, this.#node, false));
    while (!await cleanServices(this.#controls, this.#keys, this.#node));
    await this.#run((redis) => redis.shoalLeave(...keys, this.#node));
  }

  #run<T>(commands: Commands<T>): Promise<T> {
    return this.#controls.inRegistry(commands);
  }

  #beatWords(
    record: NodeRecord,
    suspectAfterMs: number,
    { layout }: Pick<Control, "layout">,
  ): readonly (string | number)[] {
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
    return [...keys, id, writeNodeRecord(record), RECORD_TTL_MS, suspectAfterMs, layout, MAX_IDS];
  }

  async #readSuspects(cells: readonly unknown[]): Promise<readonly Suspect[]> {
    const nodes: { readonly node: NodeId; readonly beatMs: number }[] = [];
    for (let i = 0; i + 1 < cells.length; i += 2) {
      nodes.push({ node: parseNodeId(asText(cells[i])), beatMs: asNumber(cells[i + 1]) });
    }
    return await Promise.all(
      nodes.map(async (suspect) => ({ ...suspect, hasListener: await this.#hasListener(suspect.node) })),
    );
  }

  /** On a Cluster, where the slot of the node's own channel is; nobody else knows who listens there. */
  async #hasListener(node: NodeId): Promise<boolean> {
    try {
      const [, count] = await this.#controls.listeners(node, this.#keys.nodeChannel(node));
      return asNumber(count) > 0;
    } catch {
      // A missing listener is a hint against a node, and one that cannot be looked for is none.
      return true;
    }
  }

  /** All batches are sent at once, so that what this node writes next comes after them. */
  #write(records: readonly ClientRecord[], isReplacing: boolean): Promise<boolean> {
    const keys = [this.#keys.tomb(this.#node), this.#keys.clients(this.#node)];
    return this.#run(async (redis) => {
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

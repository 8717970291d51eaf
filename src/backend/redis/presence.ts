import { type NodeId, nodeOfClient } from "../../core/ids.ts";
import { userOfInfo } from "../../protocol/client_info.ts";
import { encodeJoin, encodeLeave } from "../../protocol/envelope.ts";
import type { Presence, PresenceMember } from "../backend.ts";
import type { ControlClient } from "./control.ts";
import type { Controls } from "./controls.ts";
import { escapeName, type RedisKeys } from "./redis_keys.ts";

/** Members per round trip of a reader: a large channel must not hold up Redis. */
const PAGE = 2_000;
const JOIN = encodeJoin("");
const LEAVE = encodeLeave("");

/** Presence in Redis. Writing is one script; reading goes in pages, and then asks who of the nodes met is dead. */
export class RedisPresence implements Presence {
  readonly #controls: Controls;
  readonly #keys: RedisKeys;
  readonly #node: NodeId;

  constructor(controls: Controls, keys: RedisKeys, node: NodeId) {
    this.#controls = controls;
    this.#keys = keys;
    this.#node = node;
  }

  add(channel: string, { client, info }: PresenceMember, isAnnounced: boolean): Promise<boolean> {
    const words = [client, info, isAnnounced ? 1 : 0, escapeName(channel), this.#keys.channel(channel), JOIN];
    return this.#at(
      channel,
      async (redis) => await redis.shoalPresenceAdd(...this.#keysOf(channel), ...words) === 1,
    );
  }

  remove(channel: string, client: string): Promise<boolean> {
    const words = [client, escapeName(channel), this.#keys.channel(channel), LEAVE];
    return this.#at(
      channel,
      async (redis) => await redis.shoalPresenceRemove(...this.#keysOf(channel), ...words) === 1,
    );
  }

  async members(channel: string): Promise<readonly PresenceMember[]> {
    const values = await this.#at(channel, (redis) => readAll(redis, this.#keys.presence(channel)));
    const dead = await this.#deadAmong(channel, values.keys());
    const members: PresenceMember[] = [];
    for (const [client, value] of values) {
      if (!dead.has(nodeOf(client))) members.push({ client, info: value.slice(1) });
    }
    return members;
  }

  async stats(channel: string): Promise<{ readonly clients: number; readonly users: number }> {
    const members = await this.members(channel);
    return { clients: members.length, users: new Set(members.map(({ info }) => userOf(info))).size };
  }

  #keysOf(channel: string): readonly string[] {
    const partition = this.#keys.partitionOf(channel);
    return [this.#keys.presence(channel), partition.owned(this.#node), partition.dead(this.#node)];
  }

  #at<T>(channel: string, commands: (redis: ControlClient) => Promise<T>): Promise<T> {
    return this.#controls.at(this.#keys.placeOf(channel), commands);
  }

  /** One question for all nodes, of which a channel has few; nothing is remembered, for a node dies between two. */
  async #deadAmong(channel: string, clients: Iterable<string>): Promise<ReadonlySet<string>> {
    const clientOf = new Map<string, string>();
    for (const client of clients) clientOf.set(nodeOf(client), client);
    const nodes = [...clientOf.values()].map(nodeOfClient).filter((node) => node !== undefined);
    if (nodes.length === 0) return new Set();
    const marks = await this.#marksOf(channel, nodes);
    return new Set(nodes.filter((_, i) => marks[i] !== null));
  }

  /** Tombstones; while the registry is away nobody is buried, and the marks of the partition say the same. */
  #marksOf(channel: string, nodes: readonly NodeId[]): Promise<readonly (string | null)[]> {
    if (this.#controls.hasRegistry) {
      return this.#controls.inRegistry((redis) => redis.mget(nodes.map((node) => this.#keys.tomb(node))));
    }
    const { dead } = this.#keys.partitionOf(channel);
    return this.#at(channel, (redis) => redis.mget(nodes.map(dead)));
  }
}

/** What stands before the first dot. Cheap: a reader calls it for every member. */
function nodeOf(client: string): string {
  return client.slice(0, Math.max(0, client.indexOf(".")));
}

/** All fields of a hash. One that is added or removed meanwhile may be in it or not, no other is missed. */
async function readAll(redis: ControlClient, key: string): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  let cursor = "0";
  do {
    const [next, cells] = await redis.hscan(key, cursor, "COUNT", PAGE);
    for (let i = 0; i + 1 < cells.length; i += 2) values.set(cells[i] ?? "", cells[i + 1] ?? "");
    cursor = next;
  } while (cursor !== "0");
  return values;
}

/** The user of a ClientInfo. Our own nodes write it first, and seldom with an escape: then there is nothing to parse. */
function userOf(info: string): string {
  return /^\{"user":"([^"\\]*)"/.exec(info)?.[1] ?? userOfInfo(info);
}

import type { NodeId } from "../../core/ids.ts";
import { userOfInfo } from "../../protocol/client_info.ts";
import { encodeJoin, encodeLeave } from "../../protocol/envelope.ts";
import type { PresenceMember } from "../backend.ts";
import { EntriesByNode } from "./entries_by_node.ts";

interface Entry {
  /** Grows with every entry, and with it the order of a channel's entries. */
  readonly sequence: number;
  readonly channel: string;
  readonly node: NodeId;
  readonly client: string;
  info: string;
  user: string;
  isAnnounced: boolean;
}

/** Some members of a channel. */
export interface MembersPage {
  readonly members: readonly PresenceMember[];
  /** Where the next page begins; undefined when this one is the last. */
  readonly next?: number;
}

/** What the table needs of its surroundings. */
export interface PresenceTableOptions {
  /** Hands a join or a leave to the subscribers of `channel`. */
  readonly publish: (channel: string, text: string) => void;
  /** Whether `node` was declared dead. */
  readonly isBuried: (node: NodeId) => boolean;
}

/**
 * Who is in which channel, and by which node: the same promises as {@linkcode Presence}, without waiting. Its bound is
 * the subscriptions of the clients that are connected. An entry is gone before its leave is told, so whoever removes it
 * first is the only one to tell.
 */
export class PresenceTable {
  readonly #options: PresenceTableOptions;
  readonly #channels = new Map<string, Map<string, Entry>>();
  readonly #owned = new EntriesByNode<Entry>();
  #sequence = 0;

  constructor(options: PresenceTableOptions) {
    this.#options = options;
  }

  /** See {@linkcode Presence.add}. Throws `SyntaxError` when the member's info is no JSON. */
  add(node: NodeId, channel: string, member: PresenceMember, isAnnounced: boolean): boolean {
    if (this.#options.isBuried(node)) return false;
    const { client, info } = member;
    const user = userOfInfo(info);
    const entry = this.#channels.get(channel)?.get(client);
    if (entry?.node === node) {
      Object.assign(entry, { info, user, isAnnounced });
      return false;
    }
    // A client of another node: it cannot be here as well, so that one has lost it.
    if (entry) this.#remove(entry);
    this.#put({ sequence: ++this.#sequence, channel, node, client, info, user, isAnnounced });
    return true;
  }

  /** See {@linkcode Presence.remove}. */
  remove(node: NodeId, channel: string, client: string): boolean {
    const entry = this.#channels.get(channel)?.get(client);
    if (entry?.node !== node || this.#options.isBuried(node)) return false;
    this.#remove(entry);
    return true;
  }

  /** See {@linkcode Presence.members}. */
  members(channel: string): readonly PresenceMember[] {
    return this.page(channel, 0, Infinity).members;
  }

  /** Members from `next` of the page before, 0 at first, up to about `maxCharacters`. Who is there from the first page
   * to the last is in exactly one of them. */
  page(channel: string, from: number, maxCharacters: number): MembersPage {
    const members: PresenceMember[] = [];
    let characters = 0;
    for (const { sequence, client, info } of this.#present(channel)) {
      if (sequence < from) continue;
      if (characters >= maxCharacters) return { members, next: sequence };
      members.push({ client, info });
      characters += client.length + info.length;
    }
    return { members };
  }

  /** See {@linkcode Presence.stats}. */
  stats(channel: string): { readonly clients: number; readonly users: number } {
    let clients = 0;
    const users = new Set<string>();
    for (const { user } of this.#present(channel)) {
      clients++;
      users.add(user);
    }
    return { clients, users: users.size };
  }

  /** Removes at most `most` members of `node`, whatever became of it, and answers how many it removed. */
  drop(node: NodeId, most: number): number {
    return this.#owned.drop(node, most, (entry) => this.#remove(entry));
  }

  /** Channels with at least one member. */
  get size(): number {
    return this.#channels.size;
  }

  *#present(channel: string): Iterable<Entry> {
    for (const entry of this.#channels.get(channel)?.values() ?? []) {
      if (!this.#options.isBuried(entry.node)) yield entry;
    }
  }

  #put(entry: Entry): void {
    const members = this.#channels.get(entry.channel) ?? new Map<string, Entry>();
    this.#channels.set(entry.channel, members.set(entry.client, entry));
    this.#owned.add(entry);
    if (entry.isAnnounced) this.#options.publish(entry.channel, encodeJoin(entry.info));
  }

  #remove(entry: Entry): void {
    const members = this.#channels.get(entry.channel);
    members?.delete(entry.client);
    if (members?.size === 0) this.#channels.delete(entry.channel);
    this.#owned.delete(entry);
    if (entry.isAnnounced) this.#options.publish(entry.channel, encodeLeave(entry.info));
  }
}

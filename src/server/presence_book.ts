/**
 * The presence that this node vouches for. The book is the authority: the backend gets what it lost back from here, and
 * what could not be taken out of it is taken out later.
 */
import type { Presence, PresenceMember } from "../backend/backend.ts";
import { ClientError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import { PresenceHold } from "./presence_hold.ts";

/** Records that are written side by side. */
const BATCH = 200;
/** Removals that wait for the backend; past it the oldest is forgotten, and its record stays until the node ends. */
const MAX_DEBTS = 100_000;

interface Entry {
  readonly key: string;
  readonly member: PresenceMember;
  readonly isAnnounced: boolean;
  /** Settles when the backend has answered the adding. */
  adding: Promise<unknown>;
  /** It was present already when it was added last. */
  isReturning?: boolean;
}

/** What the book needs of its node. */
export interface PresenceBookOptions {
  readonly presence: Pick<Presence, "add" | "remove">;
  /** False while this generation may have been declared dead: then it writes nothing. */
  readonly mayWrite: () => boolean;
  readonly log: Logger;
}

/** The members of one node generation. */
export class PresenceBook {
  readonly #options: PresenceBookOptions;
  readonly #members = new Map<string, Entry>();
  readonly #hold = new PresenceHold();
  readonly #debts = new Map<string, Pick<Entry, "key" | "member">>();
  #isPaying = false;

  constructor(options: PresenceBookOptions) {
    this.#options = options;
  }

  /** Members that this node vouches for. */
  get size(): number {
    return this.#members.size;
  }

  /** Removals that the backend has not taken yet. */
  get debts(): number {
    return this.#debts.size;
  }

  /** Makes `member` present in the channel `key`; one that is held simply stays. Rejects with 100 when the backend does
   * not take it. */
  async add(key: string, member: PresenceMember, isAnnounced: boolean): Promise<void> {
    if (this.#returns(key, member, isAnnounced)) return;
    const { presence, mayWrite } = this.#options;
    if (!mayWrite()) {
      throw new ClientError("internal", { detail: "presence cannot be written: no beat was acknowledged" });
    }
    const id = idOf(key, member.client);
    this.#debts.delete(id);
    const adding = presence.add(key, member, isAnnounced);
    const entry = { key, member, isAnnounced, adding };
    this.#members.set(id, entry);
    try {
      await adding;
    } catch (error) {
      // It may have been written all the same. Whoever was added again meanwhile has an entry of its own.
      this.#remove(id, entry);
      throw error;
    }
  }

  /** Takes a member out, now or when the backend can be reached; never before its adding was answered. */
  remove(key: string, client: string): void {
    const id = idOf(key, client);
    const entry = this.#members.get(id);
    if (entry !== undefined) this.#remove(id, entry);
  }

  /** The client was told to subscribe again: it stays present until it does, goes, or takes too long. */
  suspend(key: string, client: string, nowMs: number): void {
    if (this.#members.has(idOf(key, client))) this.#hold.hold({ client, key }, nowMs);
  }

  /** A subscribe came to nothing after its {@linkcode add}: who was present before it stays for another try. */
  retract(key: string, client: string, nowMs: number): void {
    if (this.#members.get(idOf(key, client))?.isReturning) this.suspend(key, client, nowMs);
    else this.remove(key, client);
  }

  /** The connection of `client` has ended: nothing of it is held any longer. */
  release(client: string): void {
    for (const key of this.#hold.release(client)) this.remove(key, client);
  }

  /** Takes out those who did not come back in time. Call it now and then. */
  expire(nowMs: number): void {
    for (const { key, client } of this.#hold.expire(nowMs)) this.remove(key, client);
  }

  /** Takes out what could not be taken out before. Call it now and then. */
  async payDebts(): Promise<void> {
    if (this.#isPaying || this.#debts.size === 0 || !this.#options.mayWrite()) return;
    this.#isPaying = true;
    try {
      await Promise.all([...this.#debts].slice(0, BATCH).map(([id, debt]) => this.#take(id, debt)));
    } finally {
      this.#isPaying = false;
    }
  }

  /** Writes every member again, without telling anybody that it joins: the backend lost its records. */
  async rewrite(): Promise<void> {
    const ids = [...this.#members.keys()];
    for (let start = 0; start < ids.length; start += BATCH) {
      await Promise.all(ids.slice(start, start + BATCH).map((id) => this.#rewriteOne(id)));
    }
  }

  #remove(id: string, entry: Entry): void {
    if (this.#members.get(id) !== entry) return;
    this.#members.delete(id);
    const take = () => void this.#take(id, entry);
    entry.adding.then(take, take);
  }

  #returns(key: string, { client, info }: PresenceMember, isAnnounced: boolean): boolean {
    const entry = this.#members.get(idOf(key, client));
    if (!this.#hold.claim({ client, key }) || entry === undefined) return false;
    entry.isReturning = entry.member.info === info && entry.isAnnounced === isAnnounced;
    return entry.isReturning;
  }

  async #rewriteOne(id: string): Promise<void> {
    const entry = this.#members.get(id);
    if (entry === undefined) return;
    const { key, member, isAnnounced } = entry;
    const { presence } = this.#options;
    // A join is told when a new member is announced. So it is put back silently, and then renewed as announced.
    const silent = presence.add(key, member, false);
    const renewed = isAnnounced ? presence.add(key, member, true) : undefined;
    await Promise.all([silent, renewed]);
  }

  async #take(id: string, debt: Pick<Entry, "key" | "member">): Promise<void> {
    const { presence, mayWrite, log } = this.#options;
    // It is back, and its record was written after the one that was to go.
    if (this.#members.has(id)) return;
    try {
      if (!mayWrite()) throw new ClientError("internal", { detail: "no beat was acknowledged" });
      await presence.remove(debt.key, debt.member.client);
      this.#debts.delete(id);
    } catch (error) {
      log.debug("A presence record waits to be taken out", { channel: debt.key, error });
      if (!this.#members.has(id)) this.#owe(id, debt);
    }
  }

  #owe(id: string, debt: Pick<Entry, "key" | "member">): void {
    const [oldest] = this.#debts.keys();
    if (this.#debts.size >= MAX_DEBTS && oldest !== undefined) this.#debts.delete(oldest);
    this.#debts.set(id, debt);
  }
}

function idOf(key: string, client: string): string {
  return `${client} ${key}`;
}

/** What Redis knows of a name on the present connection. */
type Standing = "absent" | "subscribing" | "confirmed" | "unsubscribing";

/** One pub/sub name: whether it is wanted, and how far Redis has followed. */
export interface Subscription {
  readonly name: string;
  /** The channel it stands for; undefined for the names of the node itself. */
  readonly channel: string | undefined;
  readonly isWanted: boolean;
  readonly standing: Standing;
  /** The set it belongs to. */
  readonly home: Subscriptions;
}

/** All names that are known, of several sets: a message says its name alone. */
export type SubscriptionIndex = Map<string, Entry>;

interface Entry extends Subscription {
  isWanted: boolean;
  standing: Standing;
  isUnsynced: boolean;
}

/** Names for one command to Redis. */
export interface Batch {
  readonly verb: "SUBSCRIBE" | "UNSUBSCRIBE";
  readonly names: readonly string[];
}

/**
 * The set of names that are wanted and the set that Redis confirmed, and the commands that bring the second to the
 * first. At most one command is under way for a name, so a confirmation always means what was asked last.
 */
export class Subscriptions {
  readonly #index: SubscriptionIndex;
  readonly #entries = new Set<Entry>();
  readonly #absent = new Set<Entry>();
  readonly #unwanted = new Set<Entry>();
  #desired = 0;
  #confirmed = 0;
  #unsynced = 0;

  /** `index`: shared by sets whose names differ; {@linkcode get} finds the names of all of them. */
  constructor(index: SubscriptionIndex = new Map()) {
    this.#index = index;
  }

  /** Channels only; the names of the node itself do not count. */
  get counts(): { readonly desired: number; readonly confirmed: number } {
    return { desired: this.#desired, confirmed: this.#confirmed };
  }

  /** True once all that was wanted at the last {@linkcode reset} is confirmed or no longer wanted. */
  get isSynced(): boolean {
    return this.#unsynced === 0;
  }

  /** The subscription of `name`, wanted or on its way out. */
  get(name: string): Subscription | undefined {
    return this.#index.get(name);
  }

  /** Wants `name`. Answers whether it is confirmed already. */
  want(name: string, channel: string | undefined): boolean {
    const entry = this.#index.get(name) ?? this.#add(name, channel);
    if (!entry.isWanted) {
      entry.isWanted = true;
      if (entry.channel !== undefined) this.#desired++;
      this.#plan(entry);
    }
    return entry.standing === "confirmed";
  }

  /** Wants `name` no longer. */
  unwant(name: string): void {
    const entry = this.#index.get(name);
    if (!entry?.isWanted) return;
    entry.isWanted = false;
    if (entry.channel !== undefined) this.#desired--;
    this.#synced(entry);
    this.#plan(entry);
  }

  /** The next command to send, of at most `max` names; undefined when nothing is to be done. */
  nextBatch(max: number): Batch | undefined {
    const from = this.#absent.size > 0 ? this.#absent : this.#unwanted;
    if (from.size === 0) return undefined;
    const isSubscribe = from === this.#absent;
    const names: string[] = [];
    for (const entry of from) {
      from.delete(entry);
      entry.standing = isSubscribe ? "subscribing" : "unsubscribing";
      if (names.push(entry.name) === max) break;
    }
    return { verb: isSubscribe ? "SUBSCRIBE" : "UNSUBSCRIBE", names };
  }

  /** Takes Redis's confirmation for `name`. Answers the subscription when it is wanted and now confirmed. */
  confirm(verb: "subscribe" | "unsubscribe", name: string): Subscription | undefined {
    const entry = this.#index.get(name);
    if (entry === undefined) return undefined;
    this.#stand(entry, verb === "subscribe" ? "confirmed" : "absent");
    this.#plan(entry);
    if (entry.standing !== "confirmed" || !entry.isWanted) return undefined;
    this.#synced(entry);
    return entry;
  }

  /** The connection is gone: nothing is confirmed, all that is wanted has to be asked for again. */
  reset(): void {
    this.#unsynced = 0;
    for (const entry of this.#entries) {
      this.#stand(entry, "absent");
      this.#plan(entry);
      entry.isUnsynced = entry.isWanted;
      if (entry.isUnsynced) this.#unsynced++;
    }
  }

  #add(name: string, channel: string | undefined): Entry {
    const entry: Entry = {
      name,
      channel,
      isWanted: false,
      standing: "absent",
      isUnsynced: false,
      home: this,
    };
    this.#index.set(name, entry);
    this.#entries.add(entry);
    return entry;
  }

  #stand(entry: Entry, standing: "confirmed" | "absent"): void {
    const wasConfirmed = entry.standing === "confirmed" || entry.standing === "unsubscribing";
    const isConfirmed = standing === "confirmed";
    if (entry.channel !== undefined) this.#confirmed += Number(isConfirmed) - Number(wasConfirmed);
    entry.standing = standing;
  }

  #synced(entry: Entry): void {
    if (!entry.isUnsynced) return;
    entry.isUnsynced = false;
    this.#unsynced--;
  }

  /** Puts `entry` where its next step is found. What is under way is looked at again at its confirmation. */
  #plan(entry: Entry): void {
    this.#absent.delete(entry);
    this.#unwanted.delete(entry);
    if (entry.isWanted && entry.standing === "absent") this.#absent.add(entry);
    else if (!entry.isWanted && entry.standing === "confirmed") this.#unwanted.add(entry);
    else if (!entry.isWanted && entry.standing === "absent") this.#drop(entry);
  }

  #drop(entry: Entry): void {
    this.#index.delete(entry.name);
    this.#entries.delete(entry);
  }
}

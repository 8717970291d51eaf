import { backoffMs, randomFraction } from "../../core/backoff.ts";
import type { NodeId } from "../../core/ids.ts";
import { reasonOf } from "../../core/reason.ts";
import { readTopology } from "./cluster_topology.ts";
import { slotOf } from "./hash_slot.ts";
import { sleep } from "./keep_trying.ts";
import type { RedisAddress } from "./redis_url.ts";
import type { Refusal } from "./refusal.ts";
import type { Route } from "./route.ts";
import { Section } from "./section.ts";
import type { Shard } from "./shard.ts";
import { ownerText, readOwner, type SlotMap, type SlotOwner } from "./slot_map.ts";
import type { SubscriptionIndex } from "./subscriptions.ts";

const RETRY = { baseMs: 20, maxMs: 1_000 };
/** However many doubts come in, the Cluster is not asked more often. */
const MIN_PAUSE_MS = 10;

/** What a route over a Redis Cluster has to know. */
export interface ClusterRouteOptions {
  /** Some of its servers, with login and TLS for all. */
  readonly seeds: readonly RedisAddress[];
  readonly partitions: number;
  readonly node: NodeId;
  readonly index: SubscriptionIndex;
  /** Opens the shard at an address. */
  openShard(address: RedisAddress): Shard;
  /** Shards have come or gone, or `trouble` changed. */
  onChange(): void;
}

/**
 * A Redis Cluster: each place follows its slot from master to master. The map of slots is learnt at the start and after
 * each sign that it may have changed, and again and again until every place has a shard that is ready.
 */
export class ClusterRoute implements Route {
  readonly isSharded = true;
  readonly controlPlace: number;
  readonly ownPlace: number;
  readonly sections: readonly Section[];
  readonly #options: ClusterRouteOptions;
  readonly #slots: readonly number[];
  readonly #shards = new Map<string, Shard>();
  readonly #closing = new AbortController();
  readonly #ending = new Set<Promise<void>>();
  readonly #running: Promise<void>;
  #map: SlotMap = [];
  #byPlace: readonly (Shard | undefined)[] = [];
  #changes = 0;
  #wake = Promise.withResolvers<void>();
  #hint: SlotOwner | undefined;
  #trouble: string | undefined = "not connected yet";

  constructor(options: ClusterRouteOptions) {
    const { partitions, node, index } = options;
    this.#options = options;
    this.controlPlace = partitions;
    this.ownPlace = partitions + 1;
    const tags = [...Array.from({ length: partitions }, (_, n) => `p${n}`), "ctl", node];
    this.#slots = tags.map(slotOf);
    this.sections = tags.map(() => new Section(index));
    this.#running = this.#run();
  }

  get shards(): Iterable<Shard> {
    return this.#shards.values();
  }

  get version(): string {
    return `:${this.#changes}`;
  }

  get trouble(): string | undefined {
    if (this.#trouble === undefined) return undefined;
    const seeds = this.#options.seeds.map(({ text }) => text).join(", ");
    return `Redis Cluster at ${seeds}: ${this.#trouble}; trying again`;
  }

  sectionAt(place: number): Section {
    const section = this.sections[place];
    if (section === undefined) throw new RangeError(`Cannot use place ${place}: want a partition`);
    return section;
  }

  shardAt(place: number): Shard | undefined {
    return this.#byPlace[place];
  }

  shardOfNode(node: NodeId): Shard | undefined {
    const owner = this.#map[slotOf(node)];
    return owner && this.#shards.get(ownerText(owner));
  }

  *samplePlaces(): Iterable<number> {
    for (const shard of new Set([this.shardAt(this.controlPlace), ...this.#shards.values()])) {
      const place = shard === this.shardAt(this.controlPlace)
        ? this.controlPlace
        : this.#byPlace.indexOf(shard);
      if (shard !== undefined && place >= 0 && place <= this.controlPlace) yield place;
    }
  }

  doubt(refusal?: Refusal): void {
    if (refusal?.kind === "moved") {
      // A server leaves its host out when it means the one that was asked; seeds are good enough for that.
      this.#hint = readOwner(refusal.address, this.#options.seeds[0] ?? { hostname: "", port: 0 });
    }
    this.#wake.resolve();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake.resolve();
    await this.#running;
    this.#byPlace = [];
    await Promise.all([...this.#ending, ...[...this.#shards.values()].map((shard) => shard.close())]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      this.#wake = Promise.withResolvers();
      const isSettled = await this.#learn();
      if (signal.aborted) return;
      await sleep(MIN_PAUSE_MS, signal);
      if (isSettled) attempt = -1;
      await (isSettled ? this.#wake.promise : this.#wokenWithin(backoffMs(attempt, RETRY, randomFraction())));
    }
  }

  async #wokenWithin(ms: number): Promise<void> {
    const enough = new AbortController();
    const signal = AbortSignal.any([enough.signal, this.#closing.signal]);
    await Promise.race([sleep(ms, signal), this.#wake.promise]);
    enough.abort();
  }

  /** Learns the map and follows it. True when nothing is left to be done. */
  async #learn(): Promise<boolean> {
    try {
      const map = await readTopology(this.#candidates(), this.#hinted(), this.#closing.signal);
      if (this.#closing.signal.aborted) return true;
      this.#follow(map);
      const unserved = this.#slots.filter((slot) => map[slot] === undefined).length;
      this.#trouble = unserved === 0 ? undefined : `nobody serves ${unserved} of the slots that are needed`;
    } catch (thrown) {
      this.#trouble = reasonOf(thrown);
    }
    if (!this.#closing.signal.aborted) this.#options.onChange();
    return this.#trouble === undefined && this.#isWhole();
  }

  #isWhole(): boolean {
    if (this.sections.some(({ carrier }) => carrier === undefined)) return false;
    for (const shard of this.#shards.values()) if (!shard.isReady) return false;
    return true;
  }

  #follow(map: SlotMap): void {
    if (!isSame(map, this.#map)) this.#changes++;
    this.#map = map;
    const owners = new Map<string, SlotOwner>();
    for (const owner of map) if (owner !== undefined) owners.set(ownerText(owner), owner);
    for (const [text, owner] of owners) {
      if (!this.#shards.has(text)) this.#shards.set(text, this.#options.openShard(this.#addressOf(owner)));
    }
    this.#byPlace = this.#slots.map((slot) => {
      const owner = map[slot];
      return owner && this.#shards.get(ownerText(owner));
    });
    this.sections.forEach((section, place) => this.#move(section, this.#byPlace[place]));
    for (const [text, shard] of this.#shards) if (!owners.has(text)) this.#end(text, shard);
  }

  #move(section: Section, shard: Shard | undefined): void {
    if (section.carrier === shard?.line) return;
    for (const { line } of this.#shards.values()) if (section.carrier === line) line.detach(section);
    shard?.line.attach(section);
  }

  #end(text: string, shard: Shard): void {
    this.#shards.delete(text);
    const ended = shard.close().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #candidates(): readonly RedisAddress[] {
    const known = [...this.#shards.keys()].map((text) => readOwner(text, { hostname: "", port: 0 }));
    const addresses = known.filter((owner) => owner !== undefined).map((owner) => this.#addressOf(owner));
    const all = [...addresses, ...this.#options.seeds];
    return [...new Map(all.map((address) => [address.text, address])).values()];
  }

  /** Who a server said to ask, once. */
  #hinted(): RedisAddress | undefined {
    const hint = this.#hint;
    this.#hint = undefined;
    return hint && this.#addressOf(hint);
  }

  #addressOf(owner: SlotOwner): RedisAddress {
    const [seed] = this.#options.seeds;
    if (seed === undefined) {
      throw new TypeError("Cannot use a Redis Cluster: want at least one of its servers");
    }
    return { ...seed, ...owner, text: ownerText(owner) };
  }
}

function isSame(left: SlotMap, right: SlotMap): boolean {
  return left.length === right.length && left.every((owner, slot) => {
    const other = right[slot];
    return owner?.hostname === other?.hostname && owner?.port === other?.port;
  });
}

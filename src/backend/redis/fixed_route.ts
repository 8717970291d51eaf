import type { Route } from "./route.ts";
import { Section } from "./section.ts";
import type { Shard } from "./shard.ts";
import type { SubscriptionIndex } from "./subscriptions.ts";

/** One Redis, or several that are never exchanged; the first has the registry and the channels of nodes. */
export class FixedRoute implements Route {
  readonly isSharded = false;
  readonly controlPlace: number;
  readonly ownPlace: number;
  readonly sections: readonly Section[];
  readonly shards: readonly Shard[];
  readonly version = "";
  readonly trouble = undefined;
  readonly #ring: readonly number[];

  /** `ring`: for each partition the number of its shard. */
  constructor(shards: readonly Shard[], ring: readonly number[], index: SubscriptionIndex) {
    this.shards = shards;
    this.#ring = ring;
    this.controlPlace = ring.length;
    this.ownPlace = ring.length + 1;
    this.sections = shards.map(({ line }) => {
      const section = new Section(index);
      line.attach(section);
      return section;
    });
  }

  sectionAt(place: number): Section {
    const section = this.sections[this.#shardNumber(place)];
    if (section === undefined) throw new RangeError(`Cannot use place ${place}: want a partition`);
    return section;
  }

  shardAt(place: number): Shard | undefined {
    return this.shards[this.#shardNumber(place)];
  }

  shardOfNode(): Shard | undefined {
    return this.shards[0];
  }

  *samplePlaces(): Iterable<number> {
    yield this.controlPlace;
    for (let shard = 1; shard < this.shards.length; shard++) {
      const place = this.#ring.indexOf(shard);
      if (place >= 0) yield place;
    }
  }

  doubt(): void {
    // Each connection finds its Redis again by itself.
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close()));
  }

  #shardNumber(place: number): number {
    return this.#ring[place] ?? 0;
  }
}

import type { NodeId } from "../../core/ids.ts";
import type { Line } from "./line.ts";
import type { Refusal } from "./refusal.ts";
import type { Section } from "./section.ts";
import type { Shard } from "./shard.ts";
import type { SubscriptionIndex } from "./subscriptions.ts";

/**
 * Which Redis has what. A place is the number of a partition; the registry, `{ctl}`, and this node's own channel have
 * places of their own. Sections of places never change, the shards behind them may.
 */
export interface Route {
  /** Sharded pub/sub, as a Redis Cluster needs it. */
  readonly isSharded: boolean;
  /** Of what is not in a partition: registry and messages to all. */
  readonly controlPlace: number;
  /** Of this node's own channel. */
  readonly ownPlace: number;
  /** All of them, each once. */
  readonly sections: readonly Section[];
  /** Those in use now. */
  readonly shards: Iterable<Shard>;
  /** Empty where shards never change, else another text after every change: who listens where is in doubt then. */
  readonly version: string;
  /** Why no shard is known, or one is missing. */
  readonly trouble: string | undefined;
  sectionAt(place: number): Section;
  /** Undefined when nobody is known to serve the place at the moment. */
  shardAt(place: number): Shard | undefined;
  /** Who has the own channel of another node. */
  shardOfNode(node: NodeId): Shard | undefined;
  /** One place of each shard. */
  samplePlaces(): Iterable<number>;
  /** A shard does not serve what it should, or is away: the route may have to be learnt again. */
  doubt(refusal?: Refusal, line?: Line): void;
  /** Ends all shards for good. */
  close(): Promise<void>;
}

/** Opens a route whose names are in `index`; `onChange` is called after shards have come or gone. */
export type OpenRoute = (index: SubscriptionIndex, onChange: () => void) => Route;

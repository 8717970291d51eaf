/** A seeded model of a cluster: who subscribes to what on which node, and what a publication then costs Redis. */
import { seededRandom } from "../engine/seed.ts";
import { type Interval, intervalOf } from "./bootstrap.ts";
import { drawNormal } from "./normal.ts";
import { Zipf } from "./zipf.ts";

/** The cluster and its use. */
export interface ClusterModel {
  readonly nodes: number;
  readonly connections: number;
  readonly channels: number;
  /** Exponent of the law by which clients choose channels, to subscribe and to publish; 0: all alike. */
  readonly zipf: number;
  /** Channels that each client is subscribed to. */
  readonly subscriptions: number;
  /** Share of the clients that leaves and is replaced each second, 0 to 1. */
  readonly churnPerSec: number;
}

/** What a publication and a second bring, on average of one world. */
export interface WorldNumbers {
  /** Subscribers of a publication. */
  readonly deliveries: number;
  /** Nodes that a publication goes to: that many times it leaves Redis. */
  readonly nodesTouched: number;
  /** Channels that Redis has to add to or take from a node's subscriptions, per second. */
  readonly interestChangesPerSec: number;
}

/** The same over several worlds, with the range of 95 % of them. */
export type ModelNumbers = { readonly [Field in keyof WorldNumbers]: Interval };

/** Publications looked at in each world. */
const PUBLICATIONS = 4_000;
const WORLDS = 40;

/** Draws worlds of `model` and says within what range their numbers lie. */
export function simulate(model: ClusterModel, seed: number, worlds = WORLDS): ModelNumbers {
  const law = new Zipf(model.channels, model.zipf);
  const seen = Array.from({ length: worlds }, (_, at) => simulateWorld(model, law, seed + at));
  const of = (field: keyof WorldNumbers): Interval => {
    let at = 0;
    const mean = seen.reduce((sum, world) => sum + world[field], 0) / worlds;
    return intervalOf(mean, { seed, resamples: worlds }, () => seen[at++]?.[field] ?? mean);
  };
  return {
    deliveries: of("deliveries"),
    nodesTouched: of("nodesTouched"),
    interestChangesPerSec: of("interestChangesPerSec"),
  };
}

interface Channel {
  readonly subscribers: number;
  readonly nodes: number;
}

/** One world: a channel's subscribers are drawn when it is first asked for, and stay. */
function simulateWorld(model: ClusterModel, law: Zipf, seed: number): WorldNumbers {
  const random = seededRandom(seed);
  const channels = new Map<number, Channel>();
  let [deliveries, touched, firsts] = [0, 0, 0];
  for (let i = 0; i < PUBLICATIONS; i++) {
    const rank = law.rank(random());
    const channel = channels.get(rank) ?? drawChannel(model, law.share(rank), random);
    channels.set(rank, channel);
    deliveries += channel.subscribers;
    touched += channel.nodes;
    // A client that comes chooses by the same law: how likely is its node to lack the channel?
    firsts += (1 - 1 / model.nodes) ** Math.max(0, channel.subscribers - 1);
  }
  // Each replaced client leaves its channels once and comes to them once.
  const moves = 2 * model.connections * model.churnPerSec * model.subscriptions;
  return {
    deliveries: deliveries / PUBLICATIONS,
    nodesTouched: touched / PUBLICATIONS,
    interestChangesPerSec: moves * firsts / PUBLICATIONS,
  };
}

function drawChannel(model: ClusterModel, share: number, random: () => number): Channel {
  const { connections, subscriptions, channels } = model;
  // Distinct choices: a client takes a channel once, however popular it is.
  const perClient = Math.min(
    1,
    Math.max(1 - (1 - share) ** subscriptions, subscriptions >= channels ? 1 : 0),
  );
  const subscribers = drawBinomial(connections, perClient, random);
  return { subscribers, nodes: occupied(subscribers, model, random) };
}

/** Where a normal distribution takes over from counting. */
const MAX_COUNTED = 2_000;

/** How many of `count` come true when each does with `probability`. */
export function drawBinomial(count: number, probability: number, random: () => number): number {
  if (probability >= 1) return count;
  if (count <= MAX_COUNTED) {
    let hits = 0;
    for (let i = 0; i < count; i++) if (random() < probability) hits++;
    return hits;
  }
  const mean = count * probability;
  if (mean < 30) return drawPoisson(mean, random);
  const deviation = Math.sqrt(mean * (1 - probability));
  return Math.min(count, Math.max(0, Math.round(mean + deviation * drawNormal(random))));
}

function drawPoisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let hits = 0;
  for (let product = random(); product > limit; product *= random()) hits++;
  return hits;
}

/** With so many subscribers for each node none is without, but once in a billion. */
const SURELY_EVERYWHERE = 30;

/**
 * On how many nodes at least one of `subscribers` is. A balancer spreads connections evenly, so that subscribers are
 * distinct connections of which each node has the same number.
 */
function occupied(subscribers: number, { nodes, connections }: ClusterModel, random: () => number): number {
  if (subscribers > SURELY_EVERYWHERE * nodes) return nodes;
  const chosen = new Set<number>();
  while (chosen.size < subscribers) chosen.add(Math.floor(random() * connections));
  return new Set([...chosen].map((connection) => connection % nodes)).size;
}

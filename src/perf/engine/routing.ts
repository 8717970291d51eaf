/**
 * Who sends what to whom, from the pattern alone: which connections publish into which channels, who is subscribed,
 * and how a pair of publisher and subscriber is numbered in the ledger. Pure; connections are numbered from 0.
 */
import type { Pattern } from "../scenario/scenario.ts";
import type { Operation } from "./dialect/dialect.ts";

/** What one message does: ask for an answer, go to a neighbour, or go to a group. */
export type MessageKind = "request" | "direct" | "group";

/** The rules of one pattern over `connections` connections. */
export interface Routing {
  /** The connections that send: the first ones. */
  readonly senders: number;
  /** Whether any message is a publication. */
  readonly isPublishing: boolean;
  /** Pairs that the ledger has to keep apart. */
  readonly pairs: number;
  /** Channels that a connection is subscribed to. */
  channelsOf(connection: number): readonly number[];
  kindOf(index: number): MessageKind;
  /** Where a publication of `sender` goes. */
  channelOf(kind: MessageKind, sender: number): number;
  /** Number of the sequence that a publication belongs to: each is counted from 0, per publisher and kind. */
  sequenceOf(kind: MessageKind, sender: number): number;
  pairOf(kind: MessageKind, publisher: number, subscriber: number): number;
}

/** Pairs of a ledger; more would be gigabytes. */
export const MAX_PAIRS = 20_000_000;

/** The rules of `pattern`. Throws RangeError when its ledger would be too large. */
export function routingOf(pattern: Pattern, connections: number): Routing {
  const routing = build(pattern, connections);
  if (routing.pairs > MAX_PAIRS) {
    throw new RangeError(`pattern ${pattern.kind} has ${routing.pairs} pairs of publisher and subscriber`);
  }
  return routing;
}

/** How a message of `kind` is sent. */
export function operationOf(kind: MessageKind): Operation {
  return kind === "request" ? "request" : "publish";
}

function build(pattern: Pattern, connections: number): Routing {
  switch (pattern.kind) {
    case "echo":
    case "rpc":
      return requests(connections);
    case "broadcast":
      return groups(Math.min(pattern.publishers, connections), connections, connections);
    case "rooms":
      return groups(connections, connections, pattern.size);
    case "direct":
      return direct(connections);
    case "mixed":
      return mixed(pattern, connections);
    case "cross":
      return cross(connections / 2);
  }
}

function requests(connections: number): Routing {
  return {
    senders: connections,
    isPublishing: false,
    pairs: 0,
    channelsOf: () => [],
    kindOf: () => "request",
    channelOf: () => 0,
    sequenceOf: (_, sender) => sender,
    pairOf: () => 0,
  };
}

function groups(senders: number, connections: number, size: number): Routing {
  const width = Math.min(size, Math.max(1, senders));
  return {
    senders,
    isPublishing: true,
    pairs: connections * width,
    channelsOf: (connection) => [Math.floor(connection / size)],
    kindOf: () => "group",
    channelOf: (_, sender) => Math.floor(sender / size),
    sequenceOf: (_, sender) => sender,
    pairOf: (_, publisher, subscriber) => subscriber * width + publisher % width,
  };
}

/** Publishers are the first `instances` connections, subscribers the rest; both take turns over the instances. */
function cross(instances: number): Routing {
  return {
    senders: instances,
    isPublishing: true,
    pairs: instances * instances,
    channelsOf: (connection) =>
      connection < instances ? [] : Array.from({ length: instances }, (_, at) => at),
    kindOf: () => "group",
    channelOf: (_, sender) => sender,
    sequenceOf: (_, sender) => sender,
    pairOf: (_, publisher, subscriber) => (subscriber - instances) * instances + publisher,
  };
}

function direct(connections: number): Routing {
  return {
    senders: connections,
    isPublishing: true,
    pairs: connections,
    channelsOf: (connection) => [connection],
    kindOf: () => "direct",
    // Connections take turns over the instances, so the neighbour is on another one when there is one.
    channelOf: (_, sender) => (sender + 1) % connections,
    sequenceOf: (_, sender) => sender,
    pairOf: (_kind, _publisher, subscriber) => subscriber,
  };
}

function mixed(pattern: Extract<Pattern, { kind: "mixed" }>, connections: number): Routing {
  const [one, many] = [direct(connections), groups(connections, connections, pattern.size)];
  const total = pattern.echo + pattern.direct + pattern.rooms;
  return {
    senders: connections,
    isPublishing: pattern.direct + pattern.rooms > 0,
    pairs: one.pairs + many.pairs,
    channelsOf: (
      connection,
    ) => [connection, ...many.channelsOf(connection).map((room) => room + connections)],
    // The turn over the kinds moves on with each round of the senders, else each would always send the same kind.
    kindOf: (index) => {
      const turn = (index + Math.floor(index / connections)) % total;
      if (turn < pattern.echo) return "request";
      return turn < pattern.echo + pattern.direct ? "direct" : "group";
    },
    channelOf: (kind, sender) =>
      kind === "group" ? connections + many.channelOf(kind, sender) : one.channelOf(kind, sender),
    sequenceOf: (kind, sender) => kind === "group" ? connections + sender : sender,
    pairOf: (kind, publisher, subscriber) =>
      kind === "group"
        ? one.pairs + many.pairOf(kind, publisher, subscriber)
        : one.pairOf(kind, publisher, subscriber),
  };
}

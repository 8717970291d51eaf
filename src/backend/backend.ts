/**
 * What a node needs from the world outside its process. Three implementations keep these promises (`memory/` for one
 * process, `redis/`, `hub/` for one machine) and one suite, `testing/backend_contract.ts`, holds all three to them.
 *
 * Nothing here blocks on an absent backend: each operation fails with a temporary {@linkcode ClientError} (code 100)
 * within its deadline, and goes on working once the backend is back.
 */
import type { NodeId } from "../core/ids.ts";
import type { Formats } from "../protocol/format.ts";
import type { OffersVersion } from "../protocol/service_change.ts";

/** Where a backend stands. `connecting`: never was ready; `lost`: was, and is trying again. */
export type BackendState = "connecting" | "ready" | "lost" | "closed";

/** Called once per publish: without an error when the backend took it, else with a {@linkcode ClientError}. */
export type PublishDone = (error?: Error) => void;

/** What a backend tells its node. Calls are made one after the other; none may throw. */
export interface BackendListener {
  /** A message of a channel this node subscribes to, in the order the backend took them. */
  onChannelMessage(channel: string, message: string): void;
  /** A message to this node alone, or to all. */
  onNodeMessage(message: string): void;
  /** The state changed. After `lost` then `ready`, every wanted channel is confirmed again, and messages that were
   * published between may be missing. */
  onState(state: BackendState): void; // a deliberate close tells "closed" too
}

/**
 * To how many nodes the backend handed a message, this one included; undefined where it cannot tell. No proof that they
 * read it (a paused node counts too), but 0 is certain: nobody got it.
 */
export type Receivers = number | undefined;

/**
 * Messages between nodes: at most once, in order per channel and publisher, with no memory.
 *
 * A publish that answered without error reached the backend, and with it every node whose subscription was confirmed
 * and whose connection holds. One that answered with an error either never left (nobody got it) or has an unknown
 * outcome (the connection broke while it was under way).
 */
export interface Bus {
  /** Sends `message` to every node that subscribes to `channel`, this one included. Never throws; `done` is called
   * exactly once, later, and per channel in the order of the calls. */
  publish(channel: string, message: string, done: PublishDone): void;
  /** Wants `channel`. Resolves once the backend confirmed it: what is published after that arrives. Idempotent.
   * Rejects after the deadline; the channel stays wanted until {@linkcode Bus.unsubscribe}. */
  subscribe(channel: string): Promise<void>;
  /** Wants `channel` no longer. Idempotent; what is still under way may yet arrive. */
  unsubscribe(channel: string): void;
  /** Sends `message` to one node. Resolves when the backend took it. */
  sendToNode(node: NodeId, message: string): Promise<Receivers>;
  /** Sends `message` to every node that subscribes to `channel`, as {@linkcode Bus.publish} does, for those who need to
   * know how many that are. In no order with `publish`. */
  sendToChannel(channel: string, message: string): Promise<Receivers>;
  /** Sends `message` to every node, this one included. */
  sendToAll(message: string): Promise<void>;
  /** Channels wanted and channels confirmed; they differ while something is under way or broken. */
  subscriptions(): { readonly desired: number; readonly confirmed: number };
}

/** What a node says of itself with every beat. */
export interface NodeStats {
  readonly connections: number;
  readonly channels: number;
  readonly messagesInPerSec: number;
  readonly messagesOutPerSec: number;
  readonly lagMs: number;
  readonly rssBytes: number;
  readonly cpuPercent: number;
}

/** A node as the registry knows it. */
export interface NodeRecord {
  readonly node: NodeId;
  /** `host:port` under which operators reach it. */
  readonly address: string;
  readonly version: string;
  readonly pid: number;
  /** Wall clock, milliseconds. */
  readonly startedMs: number;
  readonly isDraining: boolean;
  /** What it writes and reads; absent in records of versions from before formats were numbered. */
  readonly formats?: Formats;
  readonly stats: NodeStats;
}

/** A record with the age of its last beat on the backend's clock, in milliseconds. */
export interface NodeRow extends NodeRecord {
  readonly silentMs: number;
}

/** A node that has not beaten for a while. */
export interface Suspect {
  readonly node: NodeId;
  /** Time of its last beat on the backend's clock, in milliseconds. */
  readonly beatMs: number;
  /** Whether anybody listens on the node's own channel. False is a hint (its connection is gone), never a proof. */
  readonly hasListener: boolean;
}

/** What a beat learns. */
export interface BeatAnswer {
  /** `buried`: this node was declared dead; it must close its clients and start over under a new id. */
  readonly standing: "member" | "buried";
  /** True when the registry did not hold this node: its first beat, or the backend lost its data. */
  readonly isNew: boolean;
  /** The backend's clock, milliseconds. */
  readonly nowMs: number;
  /** Changes when the backend's memory may have changed under us (restart, failover). */
  readonly generation: string;
  /** How many clients the registry holds for this node. */
  readonly clientCount: number;
  /** How many nodes are registered, this one included. */
  readonly nodeCount: number;
  /** Nodes silent for more than `suspectAfterMs`. */
  readonly suspects: readonly Suspect[];
  /** Buried nodes whose cleaner has not finished within its claim. */
  readonly unfinished: readonly NodeId[];
}

/** A client as the registry knows it. */
export interface ClientRecord {
  readonly client: string;
  readonly workspace: string;
  readonly user: string;
  readonly name: string;
  /** Wall clock, milliseconds. */
  readonly connectedMs: number;
}

/**
 * Who is in the cluster. Every operation is atomic. Records of a node are owned by its id: once an id is buried,
 * nothing that its process still writes takes effect.
 */
export interface Registry {
  /** Registers this node or renews it. `suspectAfterMs` says which nodes come back as suspects. */
  beat(record: NodeRecord, suspectAfterMs: number): Promise<BeatAnswer>;
  /** Declares `node` dead and claims its clean-up for `claimMs`. False when it has beaten since `seenBeatMs`, or when
   * another node was first. Resumes an unfinished clean-up when `node` is buried already and its claim ran out. */
  bury(node: NodeId, seenBeatMs: number, claimMs: number): Promise<boolean>;
  /** Removes one bounded batch of what a buried node left; true when nothing is left and the claim is given back. */
  clean(node: NodeId): Promise<boolean>;
  /** Every registered node with the age of its beat. */
  nodes(): Promise<readonly NodeRow[]>;
  /** Writes client records of this node. False when this node is buried. */
  putClients(records: readonly ClientRecord[]): Promise<boolean>;
  /** Removes client records of this node. */
  dropClients(clients: readonly string[]): Promise<void>;
  /** Replaces all client records of this node, in bounded batches. False when this node is buried. */
  replaceClients(records: readonly ClientRecord[]): Promise<boolean>;
  /** The client records of one node, for operators and tests. */
  clientsOf(node: NodeId): Promise<readonly ClientRecord[]>;
  /** Takes this node and its records out in good order. */
  leave(): Promise<void>;
}

/** A place in a channel's history. `epoch` names one life of the stream; offsets count from 1 within it. */
export interface StreamPosition {
  readonly offset: number;
  readonly epoch: string;
}

/** How much a channel remembers. */
export interface HistoryLimits {
  /** Publications that are kept; older ones go. At least 1. */
  readonly size: number;
  /** The stream is forgotten after this long without a publication. The position outlives it (30 days). */
  readonly ttlMs: number;
}

/** Called once per history publish: with an error as in {@linkcode PublishDone}, else with where it was stored. */
export type HistoryDone = (error: Error | undefined, position: StreamPosition | undefined) => void;

/** A publication as it was stored. */
export interface StoredMessage {
  readonly offset: number;
  /** As it was handed to {@linkcode History.publish}. */
  readonly message: string;
}

/** Which part of a history is wanted. */
export interface HistoryFilter {
  /** At most so many publications; 0 answers the position alone, -1 all. */
  readonly limit: number;
  /** Only publications after this offset (before it when reversed), if its epoch is the stream's; with another epoch
   * no publication is answered. */
  readonly since?: StreamPosition;
  readonly isReverse?: boolean;
  /** Stops before the publication that would make more than this many characters in all; `isTruncated` tells. */
  readonly maxBytes?: number;
}

/** An answer to {@linkcode History.read}. */
export interface HistoryPage {
  /** Where the stream ends now. A channel without history has a fresh epoch and offset 0, which it then keeps. */
  readonly position: StreamPosition;
  readonly messages: readonly StoredMessage[];
  /** More would have matched. */
  readonly isTruncated: boolean;
}

/**
 * What channels remember. Position and publications are read in one step, and appending and publishing are one step:
 * every subscriber of the bus sees the offsets of a channel in their order, each as
 * `encodePositioned(position, message)` of `protocol/envelope.ts`.
 *
 * An epoch ends when the backend cannot vouch for its offsets any more (data lost, another generation of the server):
 * then the stream starts anew under another epoch, and no offset is ever given out twice within one.
 */
export interface History {
  /** Appends `message` and publishes it. Never throws; `done` as with {@linkcode Bus.publish}, in one order
   * with its calls. With an idempotency key a repeated call within `idempotencyTtlMs` answers the first one's position and
   * reaches nobody. */
  publish(
    channel: string,
    message: string,
    options: HistoryLimits & { readonly idempotencyKey?: string; readonly idempotencyTtlMs?: number },
    done: HistoryDone,
  ): void;
  /** Reads a page and the position, in one step. */
  read(channel: string, filter: HistoryFilter): Promise<HistoryPage>;
  /** Forgets the publications of a channel; its position goes on. */
  remove(channel: string): Promise<void>;
}

/** Somebody present in a channel. */
export interface PresenceMember {
  readonly client: string;
  /** JSON of its ClientInfo. */
  readonly info: string;
}

/**
 * Who is in a channel. Members belong to the node that added them: those of a node known to be dead are not answered,
 * and nothing that a buried node still writes takes effect. Join and leave messages (`encodeJoin(info)`,
 * `encodeLeave(info)` of `protocol/envelope.ts`) are published by the very step that adds or removes the member, so each
 * is told exactly once, whoever removes it: its node, or the cleaner of its dead node.
 */
export interface Presence {
  /** Adds or renews a member of this node. True when it is new. With `isAnnounced` its join, and later its leave, are
   * published to the channel. False when this node is buried. */
  add(channel: string, member: PresenceMember, isAnnounced: boolean): Promise<boolean>;
  /** Removes a member of this node. True when it was there. */
  remove(channel: string, client: string): Promise<boolean>;
  /** Everybody present, in no order. */
  members(channel: string): Promise<readonly PresenceMember[]>;
  /** How many are present, and how many different users. */
  stats(channel: string): Promise<{ readonly clients: number; readonly users: number }>;
}

/** A service that one client offers. */
export interface ServiceOffer {
  readonly service: string;
  readonly client: string;
  /** JSON, not empty; kept as it was handed over. */
  readonly descriptor: string;
}

/** What became of an offer: `buried`: this node was declared dead; `full`: the workspace has no room for it. */
export type PutOutcome = "taken" | "buried" | "full";

/** What a workspace offers. */
export interface OfferList {
  /** Absent when nothing was offered there for long. */
  readonly version?: OffersVersion;
  /** Absent when `version` is the one that the reader knows. */
  readonly offers?: readonly ServiceOffer[];
}

/** Most offers of one workspace. */
export const MAX_OFFERS = 10_000;
/** Most bytes (UTF-8) of the descriptors of one workspace together: a list travels in one piece. */
export const MAX_OFFER_BYTES = 4 * 1024 * 1024;

/**
 * Which clients offer services. Offers belong to the node that put them: those of a node known to be dead are not
 * answered, and nothing that a buried node still writes takes effect. Each change is told to every node by the very
 * step that makes it, as `encodeServiceChange(change)` of `protocol/service_change.ts`, in the order of versions;
 * whoever removes an offer, its node or the cleaner of its dead node, it is told once. The removal of an offer that
 * readers no longer saw is told too. Names hold neither space nor slash.
 */
export interface Services {
  /** Adds or replaces an offer of this node; one that is there already tells nobody. A workspace is full at
   * {@linkcode MAX_OFFERS} or {@linkcode MAX_OFFER_BYTES}. */
  put(workspace: string, offer: ServiceOffer): Promise<PutOutcome>;
  /** Removes an offer of this node. True when it was there. */
  remove(workspace: string, service: string, client: string): Promise<boolean>;
  /** All offers of a workspace and their version, in one step; only the version when it is `known`. */
  read(workspace: string, known?: OffersVersion): Promise<OfferList>;
}

/** Counters that live for a while and are shared by all nodes. Each operation is atomic. */
export interface Counters {
  /** Makes a counter with value 0, or resets one. */
  create(key: string, ttlMs: number): Promise<void>;
  /** Adds one, keeps the counter for `ttlMs` more, and answers the new value. A missing counter starts at 0. */
  increment(key: string, ttlMs: number): Promise<number>;
  /** Keeps the counter for `ttlMs` more; false when there is none. */
  touch(key: string, ttlMs: number): Promise<boolean>;
}

/**
 * Users who are not wanted for a while, by workspace. Each operation is atomic, and what it wrote is seen by whatever is
 * asked after its answer. The list lives as long as the backend's memory.
 */
export interface Revocations {
  /** Puts `user` on the list for `forMs` from now on the backend's clock, in place of any time that stood there. */
  revoke(workspace: string, user: string, forMs: number): Promise<void>;
  /** Takes `user` off the list. Idempotent. */
  restore(workspace: string, user: string): Promise<void>;
  /** Those of `users` who are on the list now. */
  among(workspace: string, users: readonly string[]): Promise<readonly string[]>;
}

/** What a node has of a quota, and would like to have. */
export interface QuotaClaim {
  /** What it holds already: believed, and told to the others. */
  readonly held: number;
  /** What it would like on top. */
  readonly more: number;
  /** What all nodes together may hold. */
  readonly limit: number;
}

/**
 * How much of something the cluster uses, by name. Each node tells its own share; those of nodes that left, or are known
 * to be dead, count no more. A share is forgotten a day after it was told last. Every operation is atomic.
 */
export interface Quotas {
  /** Tells the share of this node and asks for more. Answers how much of that is granted, from 0 to `more`, and belongs
   * to the share from then on: no more than keeps the sum of all shares within the limit. Rejects when this node is
   * buried. Calls of one node for one name take effect in their order. */
  claim(name: string, claim: QuotaClaim): Promise<number>;
}

/** What the connections of a backend have carried since it was opened. */
export interface BackendTraffic {
  /** Connections that are open. */
  readonly connections: number;
  /** Commands to Redis, or frames to the hub. */
  readonly commands: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Publications for which the backend told how many nodes they reached. */
  readonly countedPublications: number;
  /** How many nodes those reached, all together. */
  readonly nodesTouched: number;
}

/** One node's way to the others. */
export interface Backend {
  readonly kind: "memory" | "redis" | "hub";
  readonly bus: Bus;
  readonly registry: Registry;
  readonly counters: Counters;
  readonly revocations: Revocations;
  readonly quotas: Quotas;
  readonly history: History;
  readonly presence: Presence;
  readonly services: Services;
  readonly state: BackendState;
  /** Says what is wrong when `state` is not `ready`, in one line for people. */
  readonly trouble: string | undefined;
  /** Undefined where there is no network. */
  readonly traffic?: BackendTraffic | undefined;
  /** Ends all connections. Outstanding operations fail. Idempotent. */
  close(): Promise<void>;
}

/** Opens one node's backend. Returns at once in state `connecting`, or `ready` where nothing has to be reached. */
export type BackendFactory = (node: NodeId, listener: BackendListener) => Backend;

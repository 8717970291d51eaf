/**
 * The two sides of a connection, as commands see them: the client that is served, and the node that serves it. They
 * name each other, so they stand together; `connection.ts` and `node.ts` make them real.
 */
import type { Deadlines } from "../core/deadlines.ts";
import type { Clock } from "../core/clock.ts";
import type { ClientError, Close, CloseName } from "../core/errors.ts";
import type { ClientId, NodeId } from "../core/ids.ts";
import type { Line } from "../core/frame.ts";
import type { Logger } from "../core/log.ts";
import type { Pinged } from "../core/ping_wheel.ts";
import type { Outbox } from "../core/outbox.ts";
import type { ChannelRules } from "./channel_rules.ts";
import type { CommandOf, RequestKind } from "../protocol/commands.ts";
import type { ListedClient } from "../protocol/direct.ts";
import type { Order, OrderTarget } from "../protocol/order.ts";
import type { ServiceShape } from "../protocol/service_requests.ts";
import type { Channel, Channels } from "./channels.ts";
import type { Grant, Grants } from "./grants.ts";
import type { HistoryReader } from "./history_reader.ts";
import type { HookCalls } from "./hooks/mod.ts";
import type { Identity } from "./identity.ts";
import type { ConnectionRates, ConnectLimits, RateLimits } from "./limits/mod.ts";
import type { ChannelOptions, NodeSettings } from "./options.ts";
import type { Peer } from "./peer.ts";
import type { PositionWatch } from "./position_watch.ts";
import type { PresenceBook } from "./presence_book.ts";
import type { PresenceReader } from "./presence_reader.ts";
import type { Subscriber } from "./publication.ts";
import type { PublishedDone, PublishRequest } from "./publisher.ts";
import type { PublishRates } from "./publish_rate.ts";
import type { RpcCaller, RpcHandler } from "./rpc.ts";
import type { ServiceCall } from "./services/caller.ts";
import type { ServiceDescriptor, ServiceDetails } from "./services/listing.ts";
import type { SubscriptionHolder } from "./subscription.ts";
import type { TokenVerifier } from "./tokens/verify.ts";
import type { Traffic } from "./traffic.ts";
import type { WaitingRoom } from "./waiting_room.ts";

/** Gives orders to connections of the whole cluster; `orders/reach.ts`. */
export interface ClientReach {
  /** On how many connections the order took effect; rejects when on none. `data` is raw JSON. */
  give(target: OrderTarget, order: Order, data?: string): Promise<number>;
}

/** Users who were revoked; `revoked_users.ts`. */
export interface RevokedUsers {
  /** Asks the backend. */
  isRevoked(workspace: string, user: string): Promise<boolean>;
  /** Whether this node was told so a moment ago; asks nobody. */
  wasRevokedLately(workspace: string, user: string): boolean;
}

/** One page of connections. An empty cursor: there are no more. */
export interface ClientPage {
  readonly clients: readonly ListedClient[];
  readonly cursor: string;
}

/** Which connections are listed. */
export interface RosterQuery {
  readonly workspace: string;
  readonly user: string | undefined;
  readonly limit: number;
  /** Of the page before, or "". */
  readonly cursor: string;
}

/** Lists connections of the whole cluster; `orders/roster.ts`. */
export interface ClientRoster {
  page(query: RosterQuery): Promise<ClientPage>;
}

/** Services that clients of the whole cluster offer; `services/exchange.ts`, which says what each rejects with. */
export interface ClientServices {
  /** The client offers a service until it unregisters it or goes. */
  register(connection: Client, shape: ServiceShape): Promise<void>;
  /** The client offers it no longer; false when it did not. */
  unregister(connection: Client, service: string): boolean;
  list(workspace: string, isGuest: boolean): Promise<readonly ServiceDescriptor[]>;
  get(workspace: string, service: string, isGuest: boolean): Promise<ServiceDetails>;
  /** Whether somebody of the workspace offers the function. */
  offers(workspace: string, service: string, name: string): Promise<boolean>;
  /** Answers with raw JSON. */
  callFor(connection: Client, call: ServiceCall): Promise<string>;
  /** Opens a stream; `start` is to be called once the client was told the id. */
  openFor(
    connection: Client,
    call: ServiceCall,
  ): Promise<{ readonly id: string; readonly start: () => void }>;
  /** Takes the data of a `send`; false when it is not about a call. */
  takeSend(connection: Client, data: unknown): boolean;
}

/** One generation of a node, as its connections see it. */
export interface ConnectionContext {
  readonly node: NodeId;
  readonly version: string;
  readonly settings: NodeSettings;
  /** What each connection may send a second; undefined: as much as it likes. */
  readonly rateLimits: RateLimits | undefined;
  /** What users and workspaces may have. */
  readonly connectLimits: ConnectLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly channels: Channels;
  readonly rules: ChannelRules;
  readonly traffic: Traffic;
  readonly history: HistoryReader;
  readonly presence: PresenceBook;
  readonly presenceReader: PresenceReader;
  readonly positions: PositionWatch;
  readonly waitingRoom: WaitingRoom;
  readonly rpc: ReadonlyMap<string, RpcHandler>;
  /** Takes what clients `send`. */
  readonly onMessage: ((data: unknown, from: RpcCaller) => void) | undefined;
  /** Checks tokens; undefined without a key. */
  readonly verifier: TokenVerifier | undefined;
  /** Nobody is asked who it is. */
  readonly isOpen: boolean;
  /** What the application has to say. */
  readonly hooks: HookCalls;
  /** Who is not wanted any more. */
  readonly revocations: RevokedUsers;
  /** All open sockets of this generation, accepted or not. */
  readonly peers: Set<Peer>;
  /** Connections to look at when a time comes: connect deadline, expiry. Wall clock is not used here. */
  readonly deadlines: Deadlines<Client>;
  /** Reaches other clients, wherever they are. */
  readonly reach: ClientReach;
  /** Lists other clients. */
  readonly roster: ClientRoster;
  /** Services that clients of the cluster offer. */
  readonly services: ClientServices;
  /** A new id for a client of this generation. */
  newClientId(): ClientId;
  /** True when the event loop has stalled since then (monotonic clock): a client's silence may be our own fault. */
  readonly hasStalledSince: (sinceMs: number) => boolean;
  /** The connection was accepted as `client`. */
  enroll(client: Client): void;
  /** The connection has ended. */
  dismiss(client: Client): void;
  /** Publishes into a channel with these options; `done` is called exactly once, later. */
  publish(options: ChannelOptions, request: PublishRequest, done: PublishedDone): void;
}

/** `fresh`: no connect yet; `connecting`: it is being checked; `open`: accepted; `closed`: ended, nothing is sent. */
export type ClientPhase = "fresh" | "connecting" | "open" | "closed";

/** A client of the client protocol. */
export interface Client extends Subscriber, SubscriptionHolder, Peer, Pinged {
  readonly context: ConnectionContext;
  readonly phase: ClientPhase;
  /** Set once the connect was accepted. */
  readonly client: ClientId | undefined;
  /** How many clients this generation had accepted with it. */
  ordinal: number;
  /** Whom it speaks for. */
  identity: Identity;
  /** What the client calls itself. */
  clientName: string;
  /** The workspace that the URL named, if any. */
  readonly pathWorkspace: string | undefined;
  /** What its commands are posted under, where they do not come over its socket. A secret of the client. */
  readonly session: string | undefined;
  /** What goes beside the data of this client's publications. */
  readonly publisherFields: string;
  /** What it may still publish where that is limited. */
  readonly publishRates: PublishRates;
  /** What it may still send; undefined without limits. */
  readonly rates: ConnectionRates | undefined;
  /** When the connection was opened, on the monotonic clock. */
  readonly openedMs: number;
  /** What its subscriptions have beside their channels; undefined while none has anything. */
  readonly grants: Grants | undefined;
  /** Channels by name; `undefined` while the subscribe is under way. */
  readonly channels: Map<string, Channel | undefined>;
  /** Sends one line with the frame of this tick, and not before the reply to the connect. */
  send(line: Line): void;
  /** Answers a command with its result, a JSON object. */
  succeed(command: CommandOf<RequestKind>, resultJson: string): void;
  /** Answers a command with an error. */
  fail(command: CommandOf<RequestKind>, error: ClientError): void;
  /** Answers a command that was never started. */
  refuse(command: CommandOf<RequestKind>, error: ClientError): void;
  /** Sends what is owed, then ends the connection. Does nothing when it has ended. */
  close(close: CloseName | Close): void;
  /** Holds what comes next until {@linkcode accept} or {@linkcode reject}: the connect is being checked. */
  startConnecting(): void;
  /** The id that it will have. */
  reserveId(): ClientId;
  /** Keeps what a subscription has beside its channel. */
  keepGrant(channel: string, grant: Grant): void;
  /** The connect will be accepted: from here on the client has an id, and may be subscribed by the server. */
  prepare(identity: Identity): void;
  /** The connect was accepted. What was held is handled after the caller has answered. */
  accept(): void;
  /** The connect is answered with an error: what was sent after it is void, another may follow until the deadline. */
  reject(): void;
  /** Sends and handles what came while the connect was being checked. */
  releaseBacklog(): void;
  /** Asks for a sign of life. */
  ping(): void;
  /** Has {@linkcode checkDeadlines} called at that time, unless it is called sooner: then that call asks again. */
  lookAgainAt(monotonicMs: number): void;
  /** A deadline of this connection may have passed: the first connect's, or the token's. */
  checkDeadlines(): void;
}

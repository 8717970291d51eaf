/** What connections and their commands need of the node they belong to. */
import type { PublishDone } from "../backend/backend.ts";
import type { Deadlines } from "../core/deadlines.ts";
import type { Clock } from "../core/clock.ts";
import type { ClientId, NodeId } from "../core/ids.ts";
import type { Logger } from "../core/log.ts";
import type { Outbox } from "../core/outbox.ts";
import type { ChannelRules } from "./channel_rules.ts";
import type { Channels } from "./channels.ts";
import type { Connection } from "./connection.ts";
import type { NodeSettings } from "./options.ts";
import type { Peer } from "./peer.ts";
import type { RpcCaller, RpcHandler } from "./rpc.ts";
import type { TokenVerifier } from "./tokens/verify.ts";
import type { Traffic } from "./traffic.ts";

/** One generation of a node, as its connections see it. */
export interface ConnectionContext {
  readonly node: NodeId;
  readonly version: string;
  readonly settings: NodeSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly channels: Channels;
  readonly rules: ChannelRules;
  readonly traffic: Traffic;
  readonly rpc: ReadonlyMap<string, RpcHandler>;
  /** Takes what clients `send`. */
  readonly onMessage: ((data: unknown, from: RpcCaller) => void) | undefined;
  /** Checks tokens; undefined in open mode. */
  readonly verifier: TokenVerifier | undefined;
  /** All open sockets of this generation, accepted or not. */
  readonly peers: Set<Peer>;
  /** Connections to look at when a time comes: connect deadline, expiry. Wall clock is not used here. */
  readonly deadlines: Deadlines<Connection>;
  /** A new id for a client of this generation. */
  newClientId(): ClientId;
  /** True when the event loop has stalled since then (monotonic clock): a client's silence may be our own fault. */
  readonly hasStalledSince: (sinceMs: number) => boolean;
  /** The connection was accepted as `client`. */
  enroll(connection: Connection): void;
  /** The connection has ended. */
  dismiss(connection: Connection): void;
  /** Publishes; `done` is called exactly once, later. */
  publish(workspace: string, channel: string, payload: string, fields: string, done: PublishDone): void;
}

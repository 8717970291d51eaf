/** What a node is told: numbers and rules, every field present. `config/` resolves them from flags, environment and file. */

/** What clients may do in the channels of one namespace. */
export interface ChannelOptions {
  readonly allowSubscribeForClient: boolean;
  readonly allowPublishForClient: boolean;
  readonly allowPublishForSubscriber: boolean;
  /** `#` in a name opens the channel for the users after it. */
  readonly allowUserLimitedChannels: boolean;
  /** Publications of clients carry who made them; costs about 45 bytes a delivery. */
  readonly publisherInfo: boolean;
  /** Publications that a channel remembers; 0 is no history. */
  readonly historySize: number;
  /** A history is forgotten after so many seconds without a publication. */
  readonly historyTtl: number;
  /** Every subscriber is told when it missed something. */
  readonly forcePositioning: boolean;
  /** Every subscriber recovers what it missed. */
  readonly forceRecovery: boolean;
  readonly allowHistoryForClient: boolean;
  /** The channel knows who is subscribed. */
  readonly presence: boolean;
  readonly allowPresenceForClient: boolean;
  /** Who joins and leaves is told to subscribers who ask. */
  readonly joinLeave: boolean;
  /** Who joins and leaves is told to every subscriber. */
  readonly forcePushJoinLeave: boolean;
  /** Subscribers may ask for differences. */
  readonly delta: boolean;
  /** What one connection may publish in these channels together, a second; 0 is no limit. */
  readonly publishRate: number;
  /** Subscribers of one channel on this node; 0 is no limit. */
  readonly maxSubscribers: number;
  readonly slowPolicy: SlowPolicy;
}

/** What becomes of publications for which a slow subscriber has no room. */
export type SlowPolicy = "close" | "drop_oldest" | "conflate";

/** The options of the channels `name:...`. */
export interface NamespaceOptions extends ChannelOptions {
  readonly name: string;
}

/** Limits and rules of a node. Times in milliseconds, sizes in bytes. */
export interface NodeSettings {
  /** New connections a second; 0 is no limit, here and below. */
  readonly connectsPerS: number;
  /** Open sockets of one client address. */
  readonly maxConnectionsPerAddress: number;
  /** Connections of one user on this node. */
  readonly maxConnectionsPerUser: number;
  /** Connections of one workspace on all nodes. */
  readonly maxConnectionsPerWorkspace: number;
  /** Commands of one connection a second. */
  readonly commandsPerS: number;
  /** What one connection may send a second. */
  readonly bytesPerS: number;
  /** Largest message of a client. */
  readonly maxMessageBytes: number;
  readonly maxChannelsPerConnection: number;
  readonly maxChannelNameLength: number;
  /** Commands of one connection that have not been answered; more get 111. */
  readonly maxCommandsInFlight: number;
  /** What a socket may have queued before its connection is closed with 3008. */
  readonly outboxBytes: number;
  /** What a client may send before its connect is answered. */
  readonly pendingConnectBytes: number;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly unsubscribeDelayMs: number;
  readonly beatIntervalMs: number;
  readonly nodeSuspectMs: number;
  readonly nodeDeadMs: number;
  readonly probeTimeoutMs: number;
  /** How often the position of a quiet channel is compared with the backend's. */
  readonly positionCheckIntervalMs: number;
  /** Most publications of one recovery. */
  readonly recoveryMaxPublications: number;
  /** Most publications of one page of a history. */
  readonly historyMaxPage: number;
  /** How long another node may take to say that it acted on a direct message or an order. */
  readonly acknowledgeTimeoutMs: number;
  /** Every user is subscribed to the channel `#<user>` of its own. */
  readonly userSubscribeToPersonal: boolean;
  /** Namespace of personal channels; "" for none. */
  readonly userPersonalChannelNamespace: string;
  readonly drainRatePerS: number;
  readonly drainMaxMs: number;
  /** Options of channels without a namespace. */
  readonly channel: ChannelOptions;
  readonly namespaces: readonly NamespaceOptions[];
  /** Key of HS* tokens; "" for none. */
  readonly tokenHmacSecret: string;
  /** PEM; "" for none. */
  readonly tokenPublicKeys: string;
  readonly tokenJwksUrl: string;
  readonly tokenLeewayS: number;
  readonly allowRpcForClient: boolean;
  readonly hooksConnectUrl: string;
  readonly hooksRefreshUrl: string;
  readonly hooksSubscribeUrl: string;
  readonly hooksPublishUrl: string;
  readonly hooksRpcUrl: string;
  readonly hooksSecret: string;
  readonly hooksTimeoutMs: number;
  readonly hooksMaxConcurrent: number;
  readonly tokenAudience: string;
  readonly tokenIssuer: string;
}

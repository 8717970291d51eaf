/** What a node is told: numbers and rules, every field present. `config/` resolves them from flags, environment and file. */

/** What clients may do in the channels of one namespace. */
export interface ChannelOptions {
  readonly allowSubscribeForClient: boolean;
  readonly allowPublishForClient: boolean;
  readonly allowPublishForSubscriber: boolean;
  /** Publications of clients carry who made them; costs about 45 bytes a delivery. */
  readonly publisherInfo: boolean;
}

/** The options of the channels `name:...`. */
export interface NamespaceOptions extends ChannelOptions {
  readonly name: string;
}

/** Limits and rules of a node. Times in milliseconds, sizes in bytes. */
export interface NodeSettings {
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
  readonly drainRatePerS: number;
  readonly drainMaxMs: number;
  /** Options of channels without a namespace. */
  readonly channel: ChannelOptions;
  readonly namespaces: readonly NamespaceOptions[];
  /** Key of the connection tokens; "" means open mode. */
  readonly tokenHmacSecret: string;
  readonly tokenAudience: string;
  readonly tokenIssuer: string;
}

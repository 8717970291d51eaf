/** A node: the heart that puts sessions, connections and timers together. Processes and HTTP stand around it. */
import type { BackendFactory, NodeRecord, NodeStats, StreamPosition } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import { Deadlines } from "../core/deadlines.ts";
import type { CloseName } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import { Outbox } from "../core/outbox.ts";
import { PingWheel } from "../core/ping_wheel.ts";
import type { EmulationPost } from "../protocol/emulation_post.ts";
import { FORMATS } from "../protocol/format.ts";
import { Acceptors } from "./acceptors.ts";
import type { App } from "./apps/app.ts";
import type { AppContext } from "./apps/app_connection.ts";
import { ChannelRules } from "./channel_rules.ts";
import type { Client } from "./context.ts";
import { DEFAULT_WORKSPACE } from "./identity.ts";
import { LagMeter } from "./lag.ts";
import { type RateLimits, rateLimitsOf, UpgradeLimits } from "./limits/mod.ts";
import { LoadSampler } from "./load.ts";
import type { NodeHandlers } from "./node_messages.ts";
import type { NodeSettings } from "./options.ts";
import { closePaced } from "./paced_close.ts";
import type { Peer } from "./peer.ts";
import type { PublishRequest } from "./publisher.ts";
import { type Readiness, readinessOf } from "./readiness.ts";
import { builtInRpc, type RpcCaller, type RpcHandler } from "./rpc.ts";
import { TICK_MS } from "./tick.ts";
import { Session, type SessionOwner } from "./session.ts";
import type { Acceptor } from "./socket.ts";
import { type HookCalls, hookCallsOf, type Hooks } from "./hooks/mod.ts";
import { verifierOf } from "./tokens/mod.ts";
import type { TokenVerifier } from "./tokens/verify.ts";
import { Traffic } from "./traffic.ts";

/** What a node is made of. */
export interface NodeOptions {
  readonly settings: NodeSettings;
  readonly backend: BackendFactory;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  readonly pid: number;
  readonly apps: Readonly<Record<string, App>>;
  /** Methods beside the built-in `echo` and `time`. */
  readonly rpc?: Readonly<Record<string, RpcHandler>> | undefined;
  /** What the application has to say; each takes the place of the one over HTTP. */
  readonly hooks?: Hooks | undefined;
  /** Takes what clients `send`. */
  readonly onMessage?: ((data: unknown, from: RpcCaller) => void) | undefined;
  /** What the application does with words of its other nodes. */
  readonly nodeHandlers?: NodeHandlers | undefined;
}

/** What may accompany {@linkcode Node.publish}. */
export interface PublishOptions extends Pick<PublishRequest, "tags" | "key" | "idempotencyKey"> {
  /** `default` without it. */
  readonly workspace?: string | undefined;
  /** Reaches subscribers without being kept. */
  readonly skipHistory?: boolean | undefined;
}

/** Why a node ended by itself. */
export type NodeEnd = "closed" | "backend closed";

export class Node implements SessionOwner {
  readonly settings: NodeSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly traffic = new Traffic();
  readonly nodeHandlers: NodeHandlers;
  /** Whether a client may open a socket. */
  readonly upgradeLimits: UpgradeLimits;
  /** Resolves when the node has ended, whoever asked for it. */
  readonly ended: Promise<NodeEnd>;
  /** Resolves when the node has become ready for the first time. */
  readonly ready: Promise<void>;
  readonly #options: NodeOptions;
  readonly #startedMs: number;
  readonly #outbox = new Outbox();
  readonly #rules: ChannelRules;
  readonly #verifier: TokenVerifier | undefined;
  /** What the application has to say before clients get what they want. */
  readonly hooks: HookCalls;
  readonly #isOpen: boolean;
  readonly #rpc: ReadonlyMap<string, RpcHandler>;
  readonly #wheel: PingWheel<Client>;
  readonly #places = new Map<Client, number>();
  readonly #deadlines: Deadlines<Client>;
  readonly #lag: LagMeter;
  readonly #load: LoadSampler;
  readonly #acceptors: Acceptors;
  readonly #contexts = new Map<Session, AppContext>();
  readonly #rateLimits: RateLimits | undefined;
  #session: Session;
  #stats: NodeStats;
  #timers: ReturnType<typeof setInterval>[] = [];
  #address = "";
  #isDraining = false;
  #drained: Promise<void> | undefined;
  #isClosed = false;
  #resolveReady: () => void = () => {};
  #resolveEnded: (end: NodeEnd) => void = () => {};

  constructor(options: NodeOptions) {
    const { settings, clock, log } = options;
    this.#options = options;
    this.settings = settings;
    this.clock = clock;
    this.log = log;
    this.nodeHandlers = options.nodeHandlers ?? {};
    this.#startedMs = clock.wallMs();
    this.ended = new Promise((resolve) => this.#resolveEnded = resolve);
    this.ready = new Promise((resolve) => this.#resolveReady = resolve);
    this.#rules = new ChannelRules(settings.channel, settings.namespaces, settings.maxChannelNameLength);
    this.#verifier = verifierOf(settings, clock);
    this.#isOpen = this.#verifier === undefined && settings.hooksConnectUrl === "";
    this.hooks = hookCallsOf(settings, options.hooks, { clock, log });
    this.#rpc = new Map(Object.entries({ ...builtInRpc, ...options.rpc }));
    const nowMs = clock.monotonicMs();
    const { pingIntervalMs, pongTimeoutMs } = settings;
    this.#wheel = new PingWheel({ intervalMs: pingIntervalMs, pongTimeoutMs, tickMs: TICK_MS }, nowMs);
    this.#deadlines = new Deadlines(TICK_MS, nowMs);
    this.#lag = new LagMeter(TICK_MS, nowMs);
    this.#load = new LoadSampler(this.traffic, this.#lag, clock);
    this.#rateLimits = rateLimitsOf(settings);
    this.upgradeLimits = new UpgradeLimits({ ...settings, clock, traffic: this.traffic });
    this.#acceptors = new Acceptors({
      apps: options.apps,
      limits: this.upgradeLimits,
      node: () => ({ context: this.#context, emulation: this.#session.emulation }),
    });
    this.#session = this.#openSession();
    this.#stats = this.#load.sample(0, 0);
  }

  /** Starts beating. `address` is where operators reach this node, `host:port`. */
  start(address: string): void {
    this.#address = address;
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => this.#beat(), this.settings.beatIntervalMs),
    ];
    this.#beat();
  }

  /** This generation's id. */
  get id(): string {
    return this.#session.id;
  }

  /** Open sockets of any kind. */
  get connections(): number {
    let count = 0;
    for (const { peers } of this.#contexts.values()) count += peers.size;
    return count;
  }

  /** Bytes that wait to be taken by clients; visits every connection. */
  get outboxBytes(): number {
    let bytes = 0;
    for (const { peers } of this.#contexts.values()) for (const peer of peers) bytes += peer.owedBytes;
    return bytes;
  }

  /** Whether `limit` connections are open already; counts the client that is turned away when they are. */
  isFull(limit: number): boolean {
    if (this.connections < limit) return false;
    this.traffic.connectionsRefused++;
    return true;
  }

  /** Nobody is asked who it is. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Checks tokens; undefined without a key. */
  get verifier(): TokenVerifier | undefined {
    return this.#verifier;
  }

  /** Which options channels have. */
  get rules(): ChannelRules {
    return this.#rules;
  }

  get session(): Session {
    return this.#session;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get startedMs(): number {
    return this.#startedMs;
  }

  get version(): string {
    return this.#options.version;
  }

  /** What the last beat said. */
  get stats(): NodeStats {
    return this.#stats;
  }

  /** Whether a client should come here, and if not, why. */
  get readiness(): Readiness {
    return readinessOf(this.#isDraining, this.#session, this.settings.probeTimeoutMs);
  }

  /** Who takes a WebSocket at `path`; undefined when nobody does. */
  acceptor(path: string): Acceptor | undefined {
    return this.#acceptors.at(path);
  }

  /** Who takes a client whose commands come by {@linkcode post}, `workspace` being what its URL names. */
  streamAcceptor(workspace: string | undefined): Acceptor {
    return this.#acceptors.ofStreams(workspace);
  }

  /** Hands commands to the client that they are of, on any node. Rejects with a `ClientError`: 404 without such a client,
   * 408 when its node does not answer, 413, 429 and 100 as between nodes. */
  async post(post: EmulationPost, workspace: string | undefined): Promise<void> {
    const holder = [...this.#contexts.keys()].find(({ id }) => id === post.node) ?? this.#session;
    await holder.emulation.post(post, workspace);
  }

  /** Publishes `data`, any JSON value, to a channel. Resolves when the backend took it, with where it is kept if it is;
   * else rejects with 100. */
  publish(channel: string, data: unknown, options: PublishOptions = {}): Promise<StreamPosition | undefined> {
    const { workspace = DEFAULT_WORKSPACE, skipHistory, ...extras } = options;
    const request = { workspace, channel, isFleeting: skipHistory, ...extras };
    return this.#session.publisher.publishValue(this.#rules.find(channel), request, data);
  }

  /** Takes no new clients and asks those it has to reconnect elsewhere, at a pace. Resolves when all are gone. */
  drain(): Promise<void> {
    return this.#drained ??= this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.traffic.drains++;
    this.#beat();
    await this.#closeAll("shutdown");
  }

  /** Ends everything: what is still connected is closed at once. Idempotent. */
  async close(end: NodeEnd = "closed"): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isDraining = true;
    await this.#closeAll("shutdown");
    for (const timer of this.#timers) clearInterval(timer);
    await this.#session.leave();
    this.#resolveEnded(end);
  }

  describe(session: Session): NodeRecord {
    return {
      node: session.id,
      address: this.#address,
      version: this.#options.version,
      pid: this.#options.pid,
      startedMs: this.#startedMs,
      isDraining: this.#isDraining,
      formats: FORMATS,
      stats: this.#stats,
    };
  }

  onProbe(session: Session): void {
    if (session === this.#session && this.readiness.isReady) this.#resolveReady();
  }

  onBuried(session: Session): void {
    if (session !== this.#session || this.#isClosed) return;
    this.traffic.burials++;
    session.log.warn("The cluster declared this node dead: starting over under a new id");
    this.#session = this.#openSession();
    void this.#retire(session);
  }

  onBackendClosed(session: Session): void {
    session.log.error("The backend has ended, and with it this node", { trouble: session.backend.trouble });
    void this.close("backend closed");
  }

  async #retire(session: Session): Promise<void> {
    const { peers } = this.#contextOf(session);
    await closePaced(peers, "forceReconnect", this.#pace, () => this.#isClosed);
    this.#contexts.delete(session);
    await session.abandon();
  }

  async #closeAll(close: CloseName): Promise<void> {
    const all = [...this.#contexts.values()];
    await Promise.all(all.map(({ peers }) => closePaced(peers, close, this.#pace, () => this.#isClosed)));
  }

  get #pace() {
    return { ratePerSec: this.settings.drainRatePerS, maxMs: this.settings.drainMaxMs };
  }

  get #context(): AppContext {
    return this.#contextOf(this.#session);
  }

  #contextOf(session: Session): AppContext {
    const context = this.#contexts.get(session);
    if (context === undefined) throw new ReferenceError(`Cannot use session "${session.id}": it has ended`);
    return context;
  }

  #openSession(): Session {
    const session = new Session(this.#options.backend, this);
    this.#contexts.set(session, this.#makeContext(session));
    return session;
  }

  #makeContext(session: Session): AppContext {
    return {
      node: session.id,
      version: this.#options.version,
      settings: this.settings,
      rateLimits: this.#rateLimits,
      connectLimits: session.connectLimits,
      clock: this.clock,
      log: session.log,
      outbox: this.#outbox,
      channels: session.channels,
      counters: session.backend.counters,
      rules: this.#rules,
      traffic: this.traffic,
      history: session.history,
      presence: session.presence,
      presenceReader: session.presenceReader,
      positions: session.positions,
      waitingRoom: session.waitingRoom,
      rpc: this.#rpc,
      onMessage: this.#options.onMessage,
      verifier: this.#verifier,
      isOpen: this.#isOpen,
      hooks: this.hooks,
      revocations: session.revocations,
      peers: new Set<Peer>(),
      deadlines: this.#deadlines,
      reach: session.reach,
      roster: session.roster,
      services: session.services,
      newClientId: session.newClientId,
      hasStalledSince: (sinceMs) => this.#lag.hasStalledSince(sinceMs),
      enroll: (connection) => this.#enroll(session, connection),
      dismiss: (connection) => this.#dismiss(session, connection),
      publish: (options, request, done) => session.publisher.publish(options, request, done),
      publishValue: async (workspace, channel, data) =>
        void await session.publisher.publishValue(this.#rules.find(channel), { workspace, channel }, data),
    };
  }

  #enroll(session: Session, connection: Client): void {
    session.enroll(connection);
    this.#places.set(connection, this.#wheel.add(connection));
  }

  #dismiss(session: Session, connection: Client): void {
    session.dismiss(connection);
    const place = this.#places.get(connection);
    if (place === undefined) return;
    this.#places.delete(connection);
    this.#wheel.remove(connection, place);
  }

  #tick(): void {
    const nowMs = this.clock.monotonicMs();
    this.traffic.loopLag.observe(this.#lag.tick(nowMs) / 1000);
    const { ping, overdue } = this.#wheel.turn(nowMs);
    for (const connection of overdue) connection.close("noPong");
    for (const connection of ping) connection.ping();
    for (const connection of this.#deadlines.due(nowMs)) connection.checkDeadlines();
    this.hooks.tick();
    for (const session of this.#contexts.keys()) session.tick();
  }

  #beat(): void {
    this.#stats = this.#load.sample(this.connections, this.#session.channels.size);
    this.#session.beat();
  }
}

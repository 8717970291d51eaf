/** A node: the heart that puts sessions, connections and timers together. Processes and HTTP stand around it. */
import type { NodeRecord, NodeStats, StreamPosition } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import type { CloseName } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { EmulationPost } from "../protocol/emulation_post.ts";
import { FORMATS } from "../protocol/format.ts";
import { Acceptors } from "./acceptors.ts";
import type { AppContext } from "./apps/app_connection.ts";
import type { ChannelRules } from "./channel_rules.ts";
import { DEFAULT_WORKSPACE } from "./identity.ts";
import { UpgradeLimits } from "./limits/mod.ts";
import { LoadSampler } from "./load.ts";
import type { NodeHandlers } from "./node_messages.ts";
import type { NodeOptions, PublishOptions } from "./node_options.ts";
import type { NodeSettings } from "./options.ts";
import { closePaced } from "./paced_close.ts";
import { type Readiness, readinessOf } from "./readiness.ts";
import { TICK_MS } from "./tick.ts";
import { Session, type SessionOwner } from "./session.ts";
import { contextOf, type SharedContext, sharedContextOf } from "./session_context.ts";
import type { Acceptor } from "./socket.ts";
import type { HookCalls } from "./hooks/mod.ts";
import type { TokenVerifier } from "./tokens/verify.ts";
import type { Traffic } from "./traffic.ts";

/** Why a node ended by itself. */
export type NodeEnd = "closed" | "backend closed";

export class Node implements SessionOwner {
  readonly settings: NodeSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly traffic: Traffic;
  readonly nodeHandlers: NodeHandlers;
  /** Whether a client may open a socket. */
  readonly upgradeLimits: UpgradeLimits;
  /** Resolves when the node has ended, whoever asked for it. */
  readonly ended: Promise<NodeEnd>;
  /** Resolves when the node has become ready for the first time. */
  readonly ready: Promise<void>;
  readonly #options: NodeOptions;
  readonly #startedMs: number;
  readonly #shared: SharedContext;
  readonly #load: LoadSampler;
  readonly #acceptors: Acceptors;
  readonly #contexts = new Map<Session, AppContext>();
  #session: Session;
  #stats: NodeStats;
  #timers: ReturnType<typeof setInterval>[] = [];
  #address = "";
  /** Generations that were declared dead and still have clients. */
  readonly #retiring = new Set<Promise<void>>();
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
    this.#shared = sharedContextOf(options);
    this.traffic = this.#shared.traffic;
    this.nodeHandlers = options.nodeHandlers ?? {};
    this.#startedMs = clock.wallMs();
    this.ended = new Promise((resolve) => this.#resolveEnded = resolve);
    this.ready = new Promise((resolve) => this.#resolveReady = resolve);
    this.#load = new LoadSampler(this.traffic, this.#shared.lag, clock);
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

  /** What the application has to say before clients get what they want. */
  get hooks(): HookCalls {
    return this.#shared.hooks;
  }

  /** Nobody is asked who it is. */
  get isOpen(): boolean {
    return this.#shared.isOpen;
  }

  /** Checks tokens; undefined without a key. */
  get verifier(): TokenVerifier | undefined {
    return this.#shared.verifier;
  }

  /** Which options channels have. */
  get rules(): ChannelRules {
    return this.#shared.rules;
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
    return this.#session.publisher.publishValue(this.rules.find(channel), request, data);
  }

  /** Takes no new clients and asks those it has to reconnect elsewhere, at a pace. Resolves when all are gone. */
  drain(): Promise<void> {
    return this.#drained ??= this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#isClosed) return void await this.ended;
    this.#isDraining = true;
    this.traffic.drains++;
    this.#beat();
    await this.#closeAll("shutdown");
  }

  /** Ends everything: what is still connected is closed at once. Each call resolves when the node has ended. */
  async close(end: NodeEnd = "closed"): Promise<void> {
    if (this.#isClosed) return void await this.ended;
    this.#isClosed = true;
    this.#isDraining = true;
    try {
      await this.#closeAll("shutdown");
      await Promise.all([this.#session.leave(), ...this.#retiring]);
    } finally {
      for (const timer of this.#timers) clearInterval(timer);
      this.#resolveEnded(end);
    }
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
    const retiring = this.#retire(session).finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
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
    this.#contexts.set(session, contextOf(session, this.#shared));
    return session;
  }

  #tick(): void {
    const { lag, timers } = this.#shared;
    const nowMs = this.clock.monotonicMs();
    this.traffic.loopLag.observe(lag.tick(nowMs) / 1000);
    timers.tick(nowMs);
    this.hooks.tick();
    for (const session of this.#contexts.keys()) session.tick();
  }

  #beat(): void {
    this.#stats = this.#load.sample(this.connections, this.#session.channels.size);
    this.#session.beat();
  }
}

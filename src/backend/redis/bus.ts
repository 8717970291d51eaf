import { backoffMs, randomFraction } from "../../core/backoff.ts";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { BackendListener, Bus, HistoryDone, PublishDone, Receivers } from "../backend.ts";
import { dial, helloCommand } from "./dial.ts";
import type { HistoryOptions } from "./history_command.ts";
import { type HistoryLane, openLane } from "./history_lane.ts";
import { LinkTraffic } from "./link_traffic.ts";
import { Link, type LinkHandler, type ReplyDone } from "./link.ts";
import type { RedisKeys } from "./redis_keys.ts";
import type { RedisAddress } from "./redis_url.ts";
import { publishHead } from "./resp_encode.ts";
import { Subscriptions } from "./subscriptions.ts";
import { Waiters } from "./waiters.ts";

const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
const PING_EVERY_MS = 1_000;
const NAMES_PER_COMMAND = 500;
const COMMANDS_UNDER_WAY = 4;
const MAX_HEADS = 16_384;
const RETRY = { baseMs: 50, maxMs: 1_000 };

/** What a bus has to know. */
export interface RedisBusOptions {
  readonly address: RedisAddress;
  readonly keys: RedisKeys;
  readonly node: NodeId;
  readonly publishTimeoutMs: number;
  readonly subscribeTimeoutMs: number;
}

/** Where the bus stands, for the backend around it. */
export interface BusWatcher {
  /** `isReady` or `trouble` of the bus changed. */
  onBusChange(): void;
}

type Listener = Pick<BackendListener, "onChannelMessage" | "onNodeMessage">;

/**
 * The bus over one RESP3 connection that both publishes and subscribes, so that the reply of a publish and the
 * messages it causes arrive in one read: a wake-up costs more than a message. It is ready once all that is wanted is
 * subscribed; before that a publish fails at once and reaches nobody. Nothing is sent twice.
 */
export class RedisBus implements Bus, LinkHandler {
  readonly #options: RedisBusOptions;
  readonly #listener: Listener;
  readonly #watcher: BusWatcher;
  readonly #subscriptions = new Subscriptions();
  readonly #waiters: Waiters;
  /** What its connections have carried. */
  readonly traffic = new LinkTraffic();
  readonly #closing = new AbortController();
  readonly #heads = new Map<string, string>();
  readonly #failing: PublishDone[] = [];
  readonly #running: Promise<void>;
  /** The present connection, logged in or not. */
  #dialed: Link | undefined;
  /** The same once it is logged in. */
  #link: Link | undefined;
  /** History publishes over it. */
  #lane: HistoryLane | undefined;
  #isReady = false;
  #blocked: ClientError | undefined;
  #isPumping = false;
  #underWay = 0;
  #attempt = 0;
  #trouble: string | undefined = "not connected yet";
  #notReady: ClientError;

  constructor(options: RedisBusOptions, listener: Listener, watcher: BusWatcher) {
    this.#options = options;
    this.#listener = listener;
    this.#watcher = watcher;
    this.#waiters = new Waiters(options.subscribeTimeoutMs);
    this.#notReady = unavailable("Redis is not connected yet");
    this.#subscriptions.want(options.keys.nodeChannel(options.node), undefined);
    this.#subscriptions.want(options.keys.all, undefined);
    this.#running = this.#run();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** What keeps the bus from being ready. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  publish(channel: string, message: string, done: PublishDone): void {
    const link = this.#usableLink();
    if (link) link.publish(this.#headOf(channel), message, done);
    else this.#failLater(done);
  }

  /** Appends to the history of a channel and publishes, in the same order as {@linkcode publish}. */
  publishStored(channel: string, message: string, options: HistoryOptions, done: HistoryDone): void {
    const lane = this.#usableLink() && this.#lane;
    if (lane) lane.publish(channel, message, options, done);
    else this.#failLater((error) => done(error, undefined));
  }

  subscribe(channel: string): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#notReady);
    const name = this.#options.keys.channel(channel);
    if (this.#subscriptions.want(name, channel)) return Promise.resolve();
    this.#pumpSoon();
    return this.#waiters.wait(name);
  }

  unsubscribe(channel: string): void {
    const name = this.#options.keys.channel(channel);
    this.#subscriptions.unwant(name);
    if (this.#waiters.has(name)) {
      this.#waiters.settle(name, unavailable("Unsubscribed before it was confirmed"));
    }
    this.#pumpSoon();
  }

  sendToNode(node: NodeId, message: string): Promise<Receivers> {
    return this.#sendTo(publishHead(this.#options.keys.nodeChannel(node)), message);
  }

  sendToChannel(channel: string, message: string): Promise<Receivers> {
    return this.#sendTo(this.#headOf(channel), message);
  }

  async sendToAll(message: string): Promise<void> {
    await this.#sendTo(publishHead(this.#options.keys.all), message);
  }

  subscriptions(): { readonly desired: number; readonly confirmed: number } {
    return this.#subscriptions.counts;
  }

  /** Lets no publish through for as long as there is a `reason`; the connection stays. */
  block(reason: string | undefined): void {
    this.#blocked = reason === undefined ? undefined : unavailable(reason);
  }

  /** Ends the connection for good. Resolves once it has ended; what is under way fails before that. */
  async close(): Promise<void> {
    this.#trouble = "closed";
    this.#notReady = unavailable("The backend is closed");
    this.#closing.abort();
    this.#dialed?.drop(new Error("The backend is closed"));
    this.#waiters.rejectAll(this.#notReady);
    await this.#running;
  }

  onMessage(name: string, message: string): void {
    const subscription = this.#subscriptions.get(name);
    if (!subscription?.isWanted) return;
    if (subscription.channel === undefined) this.#listener.onNodeMessage(message);
    else this.#listener.onChannelMessage(subscription.channel, message);
  }

  onConfirm(verb: "subscribe" | "unsubscribe", name: string): void {
    if (this.#subscriptions.confirm(verb, name)) this.#waiters.settle(name);
  }

  onDown(reason: Error): void {
    this.#dialed = this.#link = this.#lane = undefined;
    this.#underWay = 0;
    this.#subscriptions.reset();
    this.#fail(reason);
  }

  /** Connects, and connects again, until closed. The wait grows until a connection became ready. */
  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const link = await this.#open();
      await link?.ended;
      if (this.#closing.signal.aborted) return;
      await sleep(backoffMs(this.#attempt++, RETRY, randomFraction()), this.#closing.signal);
    }
  }

  async #open(): Promise<Link | undefined> {
    const { address, node, publishTimeoutMs } = this.#options;
    try {
      const conn = await dial(address, Math.max(publishTimeoutMs, 1_000), this.#closing.signal);
      const link = new Link(conn, this, {
        replyTimeoutMs: publishTimeoutMs,
        maxQueuedBytes: MAX_QUEUED_BYTES,
        pingEveryMs: PING_EVERY_MS,
        traffic: this.traffic,
      });
      this.#dialed = link;
      if (this.#closing.signal.aborted) link.drop(new Error("The backend is closed"));
      else {link.command(helloCommand(address.login, `shoal-${node}`), 0, (error) =>
          this.#onHello(link, error));}
      return link;
    } catch (thrown) {
      this.#fail(thrown);
      return undefined;
    }
  }

  #onHello(link: Link, error: Error | undefined): void {
    if (error) return link.drop(causeOf(error));
    const { keys } = this.#options;
    openLane(link, { keys, maxBytes: MAX_QUEUED_BYTES }, (failure, lane) => {
      if (failure) return link.drop(causeOf(failure));
      this.#link = link;
      this.#lane = lane;
      this.#subscriptions.reset();
      this.#pump();
    });
  }

  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => this.#pump());
  }

  /** Asks Redis for what is wanted and not confirmed, a bounded number of commands at a time. */
  #pump(): void {
    this.#isPumping = false;
    const link = this.#link;
    while (link !== undefined && this.#underWay < COMMANDS_UNDER_WAY) {
      const batch = this.#subscriptions.nextBatch(NAMES_PER_COMMAND);
      if (batch === undefined) return;
      this.#underWay++;
      link.command([batch.verb, ...batch.names], batch.names.length, (error) => this.#onBatch(link, error));
    }
  }

  #onBatch(link: Link, error: Error | undefined): void {
    if (this.#link !== link) return;
    this.#underWay--;
    // Redis refused names that all share one prefix: no later try on this connection would fare better.
    if (error) return link.drop(causeOf(error));
    if (!this.#isReady && this.#subscriptions.isSynced) this.#becomeReady();
    this.#pump();
  }

  #becomeReady(): void {
    this.#isReady = true;
    this.#attempt = 0;
    this.#trouble = undefined;
    this.#watcher.onBusChange();
  }

  #fail(thrown: unknown): void {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    this.#isReady = false;
    if (this.#closing.signal.aborted) return;
    this.#trouble = reason;
    this.#notReady = unavailable(`Redis is not reachable: ${reason}`);
    this.#watcher.onBusChange();
  }

  #sendTo(head: string, message: string): Promise<Receivers> {
    return new Promise((resolve, reject) => {
      const done: ReplyDone = (error, reply) =>
        error ? reject(error) : resolve(typeof reply === "number" ? reply : undefined);
      const link = this.#usableLink();
      if (link) link.publish(head, message, done, true);
      else this.#failLater(reject);
    });
  }

  #usableLink(): Link | undefined {
    return this.#isReady && this.#blocked === undefined ? this.#link : undefined;
  }

  #failLater(done: PublishDone): void {
    if (this.#failing.push(done) > 1) return;
    queueMicrotask(() => {
      for (const each of this.#failing.splice(0)) each(this.#blocked ?? this.#notReady);
    });
  }

  /** Hash, escape and lengths of a channel are worth keeping: they cost more than the rest of a publish. */
  #headOf(channel: string): string {
    const known = this.#heads.get(channel);
    if (known !== undefined) return known;
    if (this.#heads.size >= MAX_HEADS) this.#heads.clear();
    const head = publishHead(this.#options.keys.channel(channel));
    this.#heads.set(channel, head);
    return head;
  }
}

function unavailable(detail: string): ClientError {
  return new ClientError("internal", { cause: new Error(detail) });
}

function causeOf(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error;
}

/** Waits; ends early when `signal` aborts. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}

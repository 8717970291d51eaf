import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { BackendListener, Bus, HistoryDone, PublishDone, Receivers } from "../backend.ts";
import type { HistoryOptions } from "./history_command.ts";
import type { Line, LineWatcher } from "./line.ts";
import type { RedisKeys } from "./redis_keys.ts";
import type { Refusal } from "./refusal.ts";
import { publishHead } from "./resp_encode.ts";
import type { RespValue } from "./resp_value.ts";
import type { OpenRoute, Route } from "./route.ts";
import { Section } from "./section.ts";
import type { SubscriptionIndex, Subscriptions } from "./subscriptions.ts";
import { Waiters } from "./waiters.ts";

const MAX_SPOTS = 16_384;

/** What a bus has to know. */
export interface RedisBusOptions {
  readonly keys: RedisKeys;
  readonly node: NodeId;
  /** Sharded pub/sub, as a Redis Cluster needs it. */
  readonly isSharded: boolean;
  readonly subscribeTimeoutMs: number;
}

/** Where the bus stands, for the backend around it. */
export interface BusWatcher {
  /** `isReady` of the bus, or the trouble of one of its lines, changed. */
  onBusChange(): void;
}

type Listener = Pick<BackendListener, "onChannelMessage" | "onNodeMessage">;

/** Where a channel is, and the start of its PUBLISH. */
interface Spot {
  readonly section: Section;
  readonly head: string;
}

/**
 * The bus over one line per shard, each of which both publishes and subscribes. A channel is published to once all that
 * its section wants is subscribed; before that a publish fails at once and reaches nobody.
 */
export class RedisBus implements Bus, LineWatcher {
  readonly #options: RedisBusOptions;
  readonly #listener: Listener;
  readonly #watcher: BusWatcher;
  readonly #index: SubscriptionIndex = new Map();
  readonly #waiters: Waiters;
  readonly #spots = new Map<string, Spot>();
  readonly #failing: { readonly done: PublishDone; readonly failure: ClientError }[] = [];
  readonly #verb: "PUBLISH" | "SPUBLISH";
  readonly #homes: ReadonlyMap<Subscriptions, Section>;
  /** Where everything is; shared with all that uses control connections. */
  readonly route: Route;
  #lastFailure = unavailable("Redis is not reachable");
  #lastReason = "";
  #blocked: ClientError | undefined;
  #closed: ClientError | undefined;

  /** `open` is given this bus, which watches the lines of the route. */
  constructor(
    options: RedisBusOptions,
    listener: Listener,
    watcher: BusWatcher,
    open: (bus: RedisBus) => OpenRoute,
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#watcher = watcher;
    this.#verb = options.isSharded ? "SPUBLISH" : "PUBLISH";
    this.#waiters = new Waiters(options.subscribeTimeoutMs);
    this.route = open(this)(this.#index, () => watcher.onBusChange());
    this.#homes = new Map(this.route.sections.map((section) => [section.subscriptions, section]));
    this.#want(this.route.ownPlace, options.keys.nodeChannel(options.node), undefined);
    this.#want(this.route.controlPlace, options.keys.all, undefined);
  }

  get isReady(): boolean {
    return this.route.sections.every(({ link }) => link !== undefined);
  }

  publish(channel: string, message: string, done: PublishDone): void {
    const { section, head } = this.#spots.get(channel) ?? this.#newSpot(channel);
    const { link } = section;
    if (link) link.publish(head, message, done);
    else this.#fail(section, done);
  }

  /** Appends to the history of a channel and publishes, in the same order as {@linkcode publish}. */
  publishStored(channel: string, message: string, options: HistoryOptions, done: HistoryDone): void {
    const { section } = this.#spots.get(channel) ?? this.#newSpot(channel);
    const { lane } = section;
    if (lane) lane.publish(channel, message, options, done);
    else this.#fail(section, (error) => done(error, undefined));
  }

  subscribe(channel: string): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    const { keys } = this.#options;
    const name = keys.channel(channel);
    if (this.#want(keys.placeOf(channel), name, channel)) return Promise.resolve();
    return this.#waiters.wait(name);
  }

  unsubscribe(channel: string): void {
    const { keys } = this.#options;
    const name = keys.channel(channel);
    const section = this.route.sectionAt(keys.placeOf(channel));
    section.subscriptions.unwant(name);
    if (this.#waiters.has(name)) {
      this.#waiters.settle(name, unavailable("Unsubscribed before it was confirmed"));
    }
    section.carrier?.onWork(section);
  }

  sendToNode(node: NodeId, message: string): Promise<Receivers> {
    const name = this.#options.keys.nodeChannel(node);
    return this.#sendTo(this.route.shardOfNode(node)?.line, publishHead(name, this.#verb), message);
  }

  sendToChannel(channel: string, message: string): Promise<Receivers> {
    const { section, head } = this.#spots.get(channel) ?? this.#newSpot(channel);
    return this.#sendTo(section, head, message);
  }

  async sendToAll(message: string): Promise<void> {
    const { controlPlace } = this.route;
    const head = publishHead(this.#options.keys.all, this.#verb);
    await this.#sendTo(this.route.shardAt(controlPlace)?.line, head, message);
  }

  subscriptions(): { readonly desired: number; readonly confirmed: number } {
    const counts = { desired: 0, confirmed: 0 };
    for (const { subscriptions } of this.route.sections) {
      counts.desired += subscriptions.counts.desired;
      counts.confirmed += subscriptions.counts.confirmed;
    }
    return counts;
  }

  /** Lets no publish through for as long as there is a `reason`; the connections stay. */
  block(reason: string | undefined): void {
    this.#blocked = reason === undefined ? undefined : unavailable(reason);
    for (const { line } of this.route.shards) line.block(this.#blocked !== undefined);
  }

  /** Ends all lines for good. Resolves once they have ended; what is under way fails before that. */
  async close(): Promise<void> {
    this.#closed = unavailable("The backend is closed");
    this.#waiters.rejectAll(this.#closed);
    await this.route.close();
  }

  onMessage(name: string, message: string): void {
    const subscription = this.#index.get(name);
    if (!subscription?.isWanted) return;
    if (subscription.channel === undefined) this.#listener.onNodeMessage(message);
    else this.#listener.onChannelMessage(subscription.channel, message);
  }

  onConfirm(line: Line, verb: "subscribe" | "unsubscribe", name: string): void {
    const section = this.#sectionOf(name);
    if (section === undefined || section.carrier !== line) return;
    if (section.subscriptions.confirm(verb, name)) this.#waiters.settle(name);
  }

  onLineChange(line: Line): void {
    if (!line.isReady) this.route.doubt();
    this.#watcher.onBusChange();
  }

  onMoved(_line: Line, refusal: Refusal): void {
    this.route.doubt(refusal);
    this.#watcher.onBusChange();
  }

  onRevoked(line: Line, name: string): void {
    const section = this.#sectionOf(name);
    // Of all the names of a slot, which leave together, the first is enough.
    if (section?.carrier !== line) return;
    line.detach(section);
    this.route.doubt();
    this.#watcher.onBusChange();
  }

  /** Wants `name`. Answers whether it is confirmed already. */
  #want(place: number, name: string, channel: string | undefined): boolean {
    const section = this.route.sectionAt(place);
    if (section.subscriptions.want(name, channel)) return true;
    section.carrier?.onWork(section);
    return false;
  }

  #sectionOf(name: string): Section | undefined {
    const home = this.#index.get(name)?.home;
    return home && this.#homes.get(home);
  }

  #sendTo(by: Line | Section | undefined, head: string, message: string): Promise<Receivers> {
    return new Promise((resolve, reject) => {
      const link = by?.link;
      const trouble = by instanceof Section ? by.carrier?.trouble : by?.trouble;
      if (!link) return this.#failLater(reject, this.#failure(trouble));
      link.publish(
        head,
        message,
        (error, reply) => error ? reject(error) : resolve(this.#receivers(reply)),
        true,
      );
    });
  }

  /** On a Cluster a slot may be on its way, and its listeners with it: only there 0 is not certain. */
  #receivers(reply: RespValue): Receivers {
    if (typeof reply !== "number") return undefined;
    return reply === 0 && this.#options.isSharded ? undefined : reply;
  }

  /** Fails `done` in its turn. */
  #fail(section: Section, done: PublishDone): void {
    const failure = this.#failure(section.carrier?.trouble);
    if (section.carrier) section.carrier.refuse(done, failure);
    else this.#failLater(done, failure);
  }

  #failLater(done: PublishDone, failure: ClientError): void {
    if (this.#failing.push({ done, failure }) > 1) return;
    queueMicrotask(() => {
      for (const each of this.#failing.splice(0)) each.done(each.failure);
    });
  }

  #failure(trouble: string | undefined): ClientError {
    const known = this.#closed ?? this.#blocked;
    if (known !== undefined) return known;
    const reason = trouble ?? this.route.trouble ?? "not ready";
    // Thousands of publishes may fail for one reason, and an error is dear.
    if (reason !== this.#lastReason) this.#lastFailure = unavailable(`Redis is not reachable: ${reason}`);
    this.#lastReason = reason;
    return this.#lastFailure;
  }

  /** Hash, escape and lengths of a channel are worth keeping: they cost more than the rest of a publish. */
  #newSpot(channel: string): Spot {
    const { keys } = this.#options;
    if (this.#spots.size >= MAX_SPOTS) this.#spots.clear();
    const section = this.route.sectionAt(keys.placeOf(channel));
    const spot = { section, head: publishHead(keys.channel(channel), this.#verb) };
    this.#spots.set(channel, spot);
    return spot;
  }
}

function unavailable(detail: string): ClientError {
  return new ClientError("internal", { cause: new Error(detail) });
}

import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import { reasonOf } from "../../core/reason.ts";
import { dial, helloCommand } from "./dial.ts";
import { type HistoryLane, openLane } from "./history_lane.ts";
import { keepTrying } from "./keep_trying.ts";
import type { LinkTraffic } from "./link_traffic.ts";
import { Link, type LinkHandler, type ReplyDone } from "./link.ts";
import type { Locator } from "./locator.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import type { RedisReplyError } from "./resp_value.ts";
import type { Carrier, Section } from "./section.ts";

const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
const PING_EVERY_MS = 1_000;
const NAMES_PER_COMMAND = 500;
const COMMANDS_UNDER_WAY = 4;
/** Long enough for a slow network, whatever the deadline of a publish. */
const MIN_DIAL_MS = 1_000;

/** What a line has to know. */
export interface LineOptions {
  readonly locator: Locator;
  readonly keys: RedisKeys;
  readonly node: NodeId;
  /** Sharded pub/sub, as a Redis Cluster needs it. */
  readonly isSharded: boolean;
  readonly publishTimeoutMs: number;
  /** Where it adds what it carries. */
  readonly traffic: { readonly lines: LinkTraffic };
}

/** What a line tells the bus and the route. */
export interface LineWatcher {
  onMessage(name: string, message: string): void;
  onConfirm(line: Line, verb: "subscribe" | "unsubscribe", name: string): void;
  /** `isReady` or `trouble` changed. */
  onLineChange(line: Line): void;
  /** This Redis does not serve something that the route expects of it. */
  onMoved(line: Line, refusal: Refusal): void;
  /** This Redis has ended a subscription by itself. */
  onRevoked(line: Line, name: string): void;
}

/**
 * One RESP3 connection that both publishes and subscribes, so that the reply of a publish and the messages it causes
 * arrive in one read: a wake-up costs more than a message. It connects again until it is closed, and opens each of its
 * sections once all that is wanted of it is subscribed. Nothing is sent twice.
 */
export class Line implements LinkHandler, Carrier {
  readonly #options: LineOptions;
  readonly #watcher: LineWatcher;
  readonly #closing = new AbortController();
  readonly #sections = new Set<Section>();
  /** Sections that may have something to ask for. */
  readonly #due = new Set<Section>();
  readonly #running: Promise<void>;
  /** The present connection, logged in or not. */
  #dialed: Link | undefined;
  /** The same once it is logged in. */
  #link: Link | undefined;
  /** Where it goes. */
  #address: string | undefined;
  #lane: HistoryLane | undefined;
  #isBlocked = false;
  #isPumping = false;
  #underWay = 0;
  #wasReady = false;
  #trouble: string | undefined = "not connected yet";

  constructor(options: LineOptions, watcher: LineWatcher) {
    this.#options = options;
    this.#watcher = watcher;
    this.#running = keepTrying(() => this.#connectOnce(), this.#closing.signal);
  }

  /** True while every section is open. */
  get isReady(): boolean {
    if (this.#link === undefined) return false;
    for (const section of this.#sections) if (section.link === undefined) return false;
    return true;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Where the line ends, for people. */
  get where(): string {
    return this.#options.locator.text;
  }

  /** For messages to other nodes; undefined while nothing may be published. */
  get link(): Link | undefined {
    return this.#isBlocked ? undefined : this.#link;
  }

  /** Takes over the names of `section`, and opens it when they are subscribed. */
  attach(section: Section): void {
    section.hand(this);
    this.#sections.add(section);
    if (this.#link !== undefined) this.#begin(section);
    this.#pumpSoon();
  }

  /** Gives `section` up; what is under way for it is no longer of interest. */
  detach(section: Section): void {
    if (!this.#sections.delete(section)) return;
    this.#due.delete(section);
    section.hand(undefined);
  }

  onWork(section: Section): void {
    this.#due.add(section);
    this.#pumpSoon();
  }

  refuse(done: ReplyDone, failure: ClientError): void {
    if (this.#link) this.#link.refuse(done, failure);
    else queueMicrotask(() => done(failure, null));
  }

  /** Lets no publish through, or lets them through again; the connection stays. */
  block(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    for (const section of this.#sections) {
      if (isBlocked) section.close();
      else this.#open(section);
    }
  }

  /** Ends the present connection, unless it goes to `address`; the next goes to where the Redis is by then. */
  renew(reason: Error, address?: string): void {
    if (address === undefined || address !== this.#address) this.#dialed?.drop(reason);
  }

  /** Ends the connection for good. Resolves once it has ended; what is under way fails before that. */
  async close(): Promise<void> {
    this.#trouble = "closed";
    this.#closing.abort();
    this.#dialed?.drop(new Error("The backend is closed"));
    await this.#running;
  }

  onMessage(name: string, message: string): void {
    this.#watcher.onMessage(name, message);
  }

  onConfirm(verb: "subscribe" | "unsubscribe", name: string): void {
    this.#watcher.onConfirm(this, verb, name);
  }

  onRevoked(name: string): void {
    this.#watcher.onRevoked(this, name);
  }

  onRefused(error: RedisReplyError): void {
    const refusal = refusalOf(error.message);
    if (refusal?.kind === "moved") {
      if (this.#options.isSharded) this.#watcher.onMoved(this, refusal);
      else this.renew(new Error("it belongs to a Redis Cluster; set redis_cluster in place of its URL"));
    } else if (refusal?.kind === "demoted") this.renew(new Error("it has become a replica"));
  }

  onDown(reason: Error): void {
    this.#dialed = this.#link = this.#lane = undefined;
    this.#underWay = 0;
    this.#due.clear();
    for (const section of this.#sections) section.restart();
    this.#fail(reason);
  }

  async #connectOnce(): Promise<boolean> {
    this.#wasReady = false;
    await this.#connect().then((link) => link.ended, (thrown) => this.#fail(thrown));
    return this.#wasReady;
  }

  async #connect(): Promise<Link> {
    const { locator, node, publishTimeoutMs, isSharded, traffic } = this.#options;
    const { signal } = this.#closing;
    const address = await locator.locate(signal);
    this.#address = address.text;
    const conn = await dial(address, Math.max(publishTimeoutMs, MIN_DIAL_MS), signal);
    const link = new Link(conn, this, {
      replyTimeoutMs: publishTimeoutMs,
      maxQueuedBytes: MAX_QUEUED_BYTES,
      pingEveryMs: PING_EVERY_MS,
      isSharded,
      traffic: traffic.lines,
    });
    this.#dialed = link;
    if (signal.aborted) link.drop(new Error("The backend is closed"));
    else link.command(helloCommand(address.login, `shoal-${node}`), 0, (error) => this.#onHello(link, error));
    return link;
  }

  #onHello(link: Link, error: Error | undefined): void {
    if (error) return link.drop(causeOf(error));
    const { keys, isSharded } = this.#options;
    openLane(link, { keys, isSharded, maxBytes: MAX_QUEUED_BYTES }, (failure, lane) => {
      if (failure) return link.drop(causeOf(failure));
      this.#link = link;
      this.#lane = lane;
      this.#trouble = "it has not confirmed all subscriptions yet";
      for (const section of this.#sections) this.#begin(section);
      this.#announce();
      this.#pump();
    });
  }

  #begin(section: Section): void {
    section.restart();
    this.#due.add(section);
    this.#open(section);
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
    for (const section of this.#due) {
      while (link !== undefined && this.#underWay < COMMANDS_UNDER_WAY) {
        const batch = section.subscriptions.nextBatch(NAMES_PER_COMMAND);
        if (batch === undefined) break;
        this.#underWay++;
        const verb = `${this.#options.isSharded ? "S" : ""}${batch.verb}`;
        const done: ReplyDone = (error) => this.#onBatch(link, section, error);
        link.command([verb, ...batch.names], batch.names.length, done);
      }
      if (this.#underWay >= COMMANDS_UNDER_WAY) return;
      this.#due.delete(section);
    }
  }

  #onBatch(link: Link, section: Section, error: Error | undefined): void {
    if (this.#link !== link) return;
    this.#underWay--;
    if (error) this.#onBatchRefused(link, section, causeOf(error));
    else this.#open(section);
    // What was asked for may no longer be what is wanted.
    if (this.#sections.has(section)) this.#due.add(section);
    this.#pump();
  }

  #onBatchRefused(link: Link, section: Section, reason: Error): void {
    const refusal = refusalOf(reason.message);
    // Redis refused names that all share one prefix: no later try on this connection would fare better.
    if (refusal?.kind !== "moved" && refusal?.kind !== "unsettled") return link.drop(reason);
    this.detach(section);
    this.#watcher.onMoved(this, refusal);
  }

  #open(section: Section): void {
    const [link, lane] = [this.#link, this.#lane];
    if (section.link !== undefined || section.carrier !== this || this.#isBlocked) return;
    if (link === undefined || lane === undefined || !section.subscriptions.isSynced) return;
    section.open(link, lane);
    this.#announce();
  }

  #announce(): void {
    if (!this.isReady) return;
    this.#wasReady = true;
    this.#trouble = undefined;
    this.#watcher.onLineChange(this);
  }

  #fail(thrown: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#trouble = reasonOf(thrown);
    this.#watcher.onLineChange(this);
  }
}

function causeOf(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error;
}

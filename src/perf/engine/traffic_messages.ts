/**
 * The messages of one process, each from its sending to its settlement. Requests are settled by their answer;
 * publications are settled by their acknowledgement, and each of their deliveries is held against the ledger.
 */
import type { Clock } from "../../core/clock.ts";
import { perfSizeBounds } from "../metric_catalog.ts";
import { BucketCounts } from "../truth/bucket_counts.ts";
import type { ErrorClass, ErrorTally } from "../truth/error_classes.ts";
import { Accounts } from "./accounts.ts";
import type { Client } from "./client.ts";
import { ClientFactory } from "./client_factory.ts";
import { ConnectionPool } from "./connection_pool.ts";
import { waitForEvent } from "./deadline_wait.ts";
import { Deliveries } from "./deliveries.ts";
import type { GeneratorWatch } from "./generator.ts";
import type { Governor } from "./governor.ts";
import { InFlight } from "./in_flight.ts";
import type { LoadOptions } from "./load_options.ts";
import { newPayloadPool, type PayloadPool } from "./payload_pool.ts";
import { operationOf, type Routing, routingOf } from "./routing.ts";
import { Senders } from "./senders.ts";
import type { TrafficLoop } from "./traffic_loop.ts";
import { loopFor, REPLY_TIMEOUT_MS, slotsFor } from "./traffic_plan.ts";
import type { AnswerOutcome, ClientListener, VirtualClient } from "./virtual_client.ts";

/** What {@linkcode Messages} need. */
export interface MessagesOptions {
  readonly load: LoadOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly governor: Governor;
  readonly errors: ErrorTally;
  /** Start of the run, for the times in `errors`. */
  readonly beganMs: number;
  /** The plan begins this much later. */
  readonly phaseMs: number;
}

/** After Ctrl-C what is under way gets this long. */
const INTERRUPTED_DRAIN_MS = 500;

/** Sends by a loop on the connections of its pool, and settles what comes back. */
export class Messages implements ClientListener {
  readonly pool: ConnectionPool;
  readonly accounts: Accounts;
  /** Of the messages that count, in bytes. */
  readonly sizes: BucketCounts = new BucketCounts(perfSizeBounds);
  readonly #options: MessagesOptions;
  readonly #clock: Clock;
  readonly #routing: Routing;
  readonly #payloads: PayloadPool;
  readonly #factory: ClientFactory;
  readonly #deliveries: Deliveries;
  readonly #inFlight: InFlight;
  #senders: Senders;
  #loop: TrafficLoop | undefined;
  #onIdle: (() => void) | undefined;
  /** The time while an answer is handled: what it makes leave leaves now, and a look at the clock costs 5 % of a message. */
  #handlingMs: number | undefined;

  constructor(options: MessagesOptions) {
    const { load, clock } = options;
    const { scenario, targets, seed } = load;
    const instances = targets.map((target) => target.instance);
    this.#options = options;
    this.#clock = clock;
    this.#routing = routingOf(scenario.pattern, scenario.connections);
    this.#payloads = newPayloadPool(scenario.payload, seed);
    this.#factory = new ClientFactory(load, this.#routing, this.#payloads, this, clock);
    this.accounts = new Accounts(instances);
    const slots = slotsFor(load);
    this.#inFlight = new InFlight(slots, scenario.connections);
    this.#deliveries = new Deliveries({
      routing: this.#routing,
      instances,
      connections: scenario.connections,
      slots: this.#routing.isPublishing ? slots : 1,
    });
    this.pool = this.#newPool(instances);
    // None stands yet.
    this.#senders = new Senders(this.pool, 0);
  }

  /** The ledger; undefined in patterns that publish nothing. */
  get deliveries(): Deliveries | undefined {
    return this.#routing.isPublishing ? this.#deliveries : undefined;
  }

  /** Connections that send; 0 before {@linkcode begin}. */
  get senders(): number {
    return this.#senders.count;
  }

  /** The loop that sends on the connections that stand; it is the caller's to run. Call it once. */
  begin(generator: GeneratorWatch): TrafficLoop {
    const { load, clock, signal, phaseMs } = this.#options;
    this.#senders = new Senders(this.pool, this.#routing.senders);
    return this.#loop = loopFor(load, phaseMs, {
      clock,
      signal,
      generator,
      senders: Math.max(1, this.#senders.count),
      window: load.scenario.window,
      send: (index, position) => this.#send(index, position),
    });
  }

  /** Waits until all is answered and delivered, at most the drain time. Answers how long that took, milliseconds. */
  async drain(loop: TrafficLoop): Promise<number> {
    const beganMs = this.#clock.monotonicMs();
    if (loop.released === 0 || this.#isIdle) return 0;
    await waitForEvent({
      arm: (onIdle) => this.#onIdle = onIdle,
      signal: this.#options.signal,
      maxMs: this.#options.load.drainMs,
      abortedMs: INTERRUPTED_DRAIN_MS,
    });
    this.#deliveries.endDrain();
    return this.#clock.monotonicMs() - beganMs;
  }

  /** Gives up what has no answer yet: nothing more will come. */
  closeAccounts(loop: TrafficLoop): void {
    const nowMs = this.#clock.monotonicMs();
    for (const index of loop.takeHeld()) {
      const connection = this.#senders.connectionOf(index) ?? 0;
      if (loop.isMeasured(index)) this.accounts.of(this.#targetOf(connection)).tried++;
      this.#giveUp(index, connection, nowMs);
    }
    for (const index of this.#inFlight.unanswered()) {
      this.#giveUp(index, this.#inFlight.senderOf(index), nowMs);
    }
    this.countBytes();
  }

  /** Brings bytes and reconnects of the accounts up to date. */
  countBytes(): void {
    for (const at of this.#options.load.targets.keys()) {
      const { sent, received } = this.pool.bytesOf(at);
      const reconnects = this.pool.reconnectsOf(at);
      Object.assign(this.accounts.of(at), { bytesSent: sent, bytesReceived: received, reconnects });
    }
  }

  /** A held message waits for an answer that may never come: after the reply timeout its place is free again. */
  expire(): void {
    if (this.#options.load.scenario.window === 0) return;
    const nowMs = this.#clock.monotonicMs();
    const isClosed = this.#options.load.scenario.model === "closed";
    const beforeMs = nowMs - REPLY_TIMEOUT_MS;
    for (const index of isClosed ? this.#inFlight.expireInOrder(beforeMs) : this.#inFlight.expire(beforeMs)) {
      const connection = this.#inFlight.senderOf(index);
      this.#giveUp(index, connection, nowMs);
      this.#loop?.settled(this.#senders.positionOf(connection));
    }
  }

  onAnswer(client: VirtualClient, index: number, outcome: AnswerOutcome, text: string): void {
    const loop = this.#loop;
    if (loop === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const sentMs = this.#inFlight.sentMs(index);
    const isMeasured = loop.isMeasured(index);
    const answer = this.#inFlight.answered(index);
    this.pool.heard(client, nowMs);
    if (answer === "duplicate" && isMeasured) {
      this.accounts.of(client.target).duplicate++;
      return this.#note("duplicate", client.target, `message ${index} was answered twice`);
    }
    if (answer !== "first") return;
    const kind = this.#routing.kindOf(index);
    if (outcome === "refused") {
      this.#note(this.#refusedClass, client.target, `message ${index} was answered ${text}`);
      if (kind !== "request") this.#deliveries.refused(index, kind, client.index, client.target);
    } else if (outcome === "changed") {
      this.#note("bad_payload", client.target, `message ${index} came back changed`);
    } else if (isMeasured) {
      this.accounts.answered(client.target, loop.dueMs(index, sentMs), sentMs, nowMs, kind === "request");
    }
    this.#handlingMs = nowMs;
    this.#settled(client);
    this.#handlingMs = undefined;
  }

  onDelivery(client: VirtualClient, index: number, seq: number, isIntact: boolean): void {
    const loop = this.#loop;
    const from = this.#senders.connectionOf(index);
    if (loop === undefined || from === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const kind = this.#routing.kindOf(index);
    this.pool.heard(client, nowMs);
    if (kind === "request") {
      return this.#note("bad_payload", client.target, `message ${index} was no publication`);
    }
    if (!isIntact) this.#note("bad_payload", client.target, `publication ${index} came changed`);
    const origin = from % this.#options.load.targets.length;
    const arrival = this.#deliveries.observe(seq, kind, from, origin, client.index, client.target);
    if (arrival !== "in order") this.#note(arrival, client.target, `message ${seq} of connection ${from}`);
    if (arrival === "duplicate") return;
    if (loop.isMeasured(index)) {
      const sentMs = this.#inFlight.sentMs(index);
      const dueMs = loop.dueMs(index, sentMs);
      this.#deliveries.time(index, origin, client.target, dueMs, sentMs, nowMs);
      this.accounts.delivered(client.target, dueMs, sentMs, nowMs);
    }
    this.#checkIdle();
  }

  onGarbage(client: VirtualClient, text: string): void {
    this.#note("bad_payload", client.target, text);
  }

  onLost(client: VirtualClient, errorClass: ErrorClass, text: string): void {
    this.accounts.of(client.target).lostConnections++;
    this.#note(errorClass, client.target, text);
    this.pool.lost(client);
    this.#loop?.lost(this.#senders.positionOf(client.index));
  }

  /** A server that answers HTTP with an error status is told apart from one that refuses a command. */
  get #refusedClass(): ErrorClass {
    return this.#options.load.scenario.speech.kind === "http" ? "http_status" : "reply_error";
  }

  #newPool(instances: readonly string[]): ConnectionPool {
    const { load: { scenario, targets }, clock, signal, governor, beganMs } = this.#options;
    return new ConnectionPool({
      plan: scenario.ramp,
      connections: scenario.connections,
      clock,
      signal,
      governor,
      instances,
      beganMs,
      reconnects: scenario.reconnects,
      newClient: (connection) => this.#factory.make(connection),
      onOpen: (client) => this.#onOpen(client),
      isQuiet: (connection) => this.#inFlight.waitingOf(connection) === 0,
      onFailed: (connection, errorClass, text) => this.#note(errorClass, connection % targets.length, text),
    });
  }

  #onOpen(client: Client): void {
    this.accounts.of(client.target).connections++;
    this.#deliveries.subscribed(client.index, client.target);
  }

  #send(index: number, position: number): boolean {
    const client = this.#senders.clientAt(position);
    const loop = this.#loop;
    if (client === undefined || loop === undefined) return false;
    const nowMs = this.#handlingMs ?? this.#clock.monotonicMs();
    const isMeasured = loop.isMeasured(index);
    if (isMeasured) this.accounts.of(client.target).tried++;
    const kind = this.#routing.kindOf(index);
    const template = this.#factory.template(client, operationOf(kind), this.#payloads.sizeOf(index));
    const seq = kind === "request" ? 0 : this.#deliveries.nextSequence(kind, client.index);
    const channel = kind === "request" ? 0 : this.#routing.channelOf(kind, client.index);
    const fault = client.send(template, index, seq, channel);
    if (fault !== undefined) {
      this.#note(fault, client.target, `message ${index} did not leave`);
      return false;
    }
    this.#factory.noteSent(client, index);
    if (kind !== "request") this.#deliveries.published(index, kind, client.index, client.target);
    const overdue = this.#inFlight.sent(index, nowMs, client.index);
    if (overdue >= 0) this.#giveUp(overdue, client.index, nowMs);
    if (isMeasured) {
      this.accounts.sent(client.target, nowMs);
      this.sizes.record(this.#payloads.sizeOf(index));
    }
    return true;
  }

  #settled(client: VirtualClient): void {
    this.#loop?.settled(this.#senders.positionOf(client.index));
    if (this.#inFlight.waitingOf(client.index) === 0) this.pool.quiet(client.index);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#onIdle !== undefined && this.#isIdle) this.#onIdle();
  }

  get #isIdle(): boolean {
    return this.#inFlight.waiting === 0 && (this.#loop?.held ?? 0) === 0 && this.#deliveries.outstanding <= 0;
  }

  #giveUp(index: number, connection: number, nowMs: number): void {
    const loop = this.#loop;
    if (loop === undefined || !loop.isMeasured(index)) return;
    const target = this.#targetOf(connection);
    this.accounts.gaveUp(target, loop.dueMs(index, this.#inFlight.sentMs(index)), nowMs);
    this.#note("reply_timeout", target, `message ${index} was not answered`);
  }

  #targetOf(connection: number): number {
    return connection % this.#options.load.targets.length;
  }

  #note(errorClass: ErrorClass, target: number, text: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.accounts.failed(target, nowMs);
    const instance = this.#options.load.targets[target]?.instance ?? "?";
    this.#options.errors.add(errorClass, instance, text, nowMs - this.#options.beganMs);
  }
}

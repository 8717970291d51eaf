/**
 * One scenario on held connections, in one process: connects, warms up, measures, drains, and accounts for every
 * message. Requests are settled by their answer; publications are settled by their acknowledgement, and each of their
 * deliveries is held against the ledger.
 */
import type { Clock } from "../../core/clock.ts";
import { perfSizeBounds } from "../metric_catalog.ts";
import { BucketCounts } from "../truth/bucket_counts.ts";
import type { ErrorClass, ErrorTally } from "../truth/error_classes.ts";
import { Accounts } from "./accounts.ts";
import { Churn } from "./churn.ts";
import type { Client } from "./client.ts";
import type { ClientListener, VirtualClient } from "./virtual_client.ts";
import { ConnectionPool } from "./connection_pool.ts";
import { waitForEvent } from "./deadline_wait.ts";
import { Deliveries } from "./deliveries.ts";
import { ClientFactory } from "./client_factory.ts";
import type { LoadWatch, Progress } from "./engine.ts";
import { GeneratorWatch } from "./generator.ts";
import { readTelemetry } from "./read_telemetry.ts";
import { Governor, systemMemory } from "./governor.ts";
import { InFlight } from "./in_flight.ts";
import type { LoadOptions } from "./load_options.ts";
import type { TrafficResult } from "./load_result.ts";
import { lateAfterMs, measureTickMs } from "./pacer.ts";
import { newPayloadPool, type PayloadPool } from "./payload_pool.ts";
import type { RampOutcome } from "./ramp.ts";
import { operationOf, type Routing, routingOf } from "./routing.ts";
import type { TrafficLoop } from "./traffic_loop.ts";
import { loopFor, REPLY_TIMEOUT_MS, slotsFor, warmupCount } from "./traffic_plan.ts";
import { assembleTraffic, lostTargets } from "./traffic_result.ts";

const PROGRESS_EVERY_MS = 250;
/** Telemetry is larger than the rest of the progress: it goes with each fourth. */
const REPORTS_PER_TELEMETRY = 4;
/** After Ctrl-C what is under way gets this long. */
const INTERRUPTED_DRAIN_MS = 500;
const CLOSE_WITHIN_MS = 2_000;

/** What the traffic needs besides the run's options. */
export interface TrafficContext {
  readonly errors: ErrorTally;
  /** Start of the run, for the times in `errors`. */
  readonly beganMs: number;
  /** When this process is one of several: its plan begins this much later, so that all together are even. */
  readonly phaseMs?: number;
  /** Waits until all processes are connected. */
  readonly whenAllStand?: () => Promise<void>;
}

/** The result, and which instances lost all their connections. */
export interface TrafficOutcome {
  readonly result: TrafficResult;
  readonly lostTargets: readonly string[];
}

/** Runs the scenario. */
export async function runTraffic(
  options: LoadOptions,
  watch: LoadWatch,
  context: TrafficContext,
): Promise<TrafficOutcome> {
  const traffic = new Traffic(options, watch, context);
  try {
    return await traffic.run();
  } finally {
    await traffic.close();
  }
}

class Traffic implements ClientListener {
  readonly #options: LoadOptions;
  readonly #watch: LoadWatch;
  readonly #context: TrafficContext;
  readonly #clock: Clock;
  readonly #routing: Routing;
  readonly #payloads: PayloadPool;
  readonly #factory: ClientFactory;
  readonly #pool: ConnectionPool;
  readonly #governor: Governor;
  readonly #accounts: Accounts;
  readonly #deliveries: Deliveries;
  readonly #inFlight: InFlight;
  /** Connections that send, by position; and the position of each connection. */
  #senders: readonly number[] = [];
  #positions = new Int32Array(0);
  #loop: TrafficLoop | undefined;
  #onIdle: (() => void) | undefined;
  #measuredFromMs = 0;
  #reports = 0;
  #generator: GeneratorWatch | undefined;
  readonly #sizes = new BucketCounts(perfSizeBounds);
  /** The time while an answer is handled: what it makes leave leaves now, and a look at the clock costs 5 % of a message. */
  #handlingMs: number | undefined;

  constructor(options: LoadOptions, watch: LoadWatch, context: TrafficContext) {
    const { scenario, targets, seed, governor } = options;
    const instances = targets.map((target) => target.instance);
    this.#options = options;
    this.#watch = watch;
    this.#context = context;
    this.#clock = watch.clock;
    this.#routing = routingOf(scenario.pattern, scenario.connections);
    this.#payloads = newPayloadPool(scenario.payload, seed);
    this.#factory = new ClientFactory(options, this.#routing, this.#payloads, this, watch.clock);
    this.#governor = new Governor(governor, systemMemory, () => this.#sinceBeganMs());
    this.#accounts = new Accounts(instances);
    const slots = slotsFor(options);
    this.#inFlight = new InFlight(slots);
    const deliverySlots = this.#routing.isPublishing ? slots : 1;
    this.#deliveries = new Deliveries({
      routing: this.#routing,
      instances,
      connections: scenario.connections,
      slots: deliverySlots,
    });
    this.#pool = new ConnectionPool({
      plan: scenario.ramp,
      connections: scenario.connections,
      clock: this.#clock,
      signal: watch.signal,
      governor: this.#governor,
      instances,
      beganMs: context.beganMs,
      reconnects: scenario.reconnects,
      newClient: (connection) => this.#factory.make(connection),
      onOpen: (client) => this.#onOpen(client),
      onFailed: (connection, errorClass, text) => this.#note(errorClass, connection % targets.length, text),
    });
  }

  async run(): Promise<TrafficOutcome> {
    const progress = setInterval(() => {
      this.#expire();
      this.#report();
    }, PROGRESS_EVERY_MS);
    try {
      const connected = await this.#pool.open();
      await this.#context.whenAllStand?.();
      const tickMs = await measureTickMs(this.#clock);
      const generator = new GeneratorWatch(this.#clock, lateAfterMs(this.#options.pacer, tickMs));
      this.#generator = generator;
      return await this.#measure(connected, generator).finally(() => generator.stop());
    } finally {
      clearInterval(progress);
    }
  }

  async close(): Promise<void> {
    await this.#pool.close(CLOSE_WITHIN_MS);
  }

  onAnswer(
    client: VirtualClient,
    index: number,
    outcome: "intact" | "changed" | "refused",
    text: string,
  ): void {
    const loop = this.#loop;
    if (loop === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const sentMs = this.#inFlight.sentMs(index);
    const isMeasured = loop.isMeasured(index);
    const answer = this.#inFlight.answered(index);
    this.#pool.heard(client, nowMs);
    if (answer === "duplicate" && isMeasured) {
      this.#accounts.of(client.target).duplicate++;
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
      this.#accounts.answered(client.target, loop.dueMs(index, sentMs), sentMs, nowMs, kind === "request");
    }
    this.#handlingMs = nowMs;
    this.#settled(client);
    this.#handlingMs = undefined;
  }

  onDelivery(client: VirtualClient, index: number, seq: number, isIntact: boolean): void {
    const loop = this.#loop;
    const from = this.#senderOf(index);
    if (loop === undefined || from === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const kind = this.#routing.kindOf(index);
    this.#pool.heard(client, nowMs);
    if (kind === "request") {
      return this.#note("bad_payload", client.target, `message ${index} was no publication`);
    }
    if (!isIntact) this.#note("bad_payload", client.target, `publication ${index} came changed`);
    const origin = from % this.#options.targets.length;
    const arrival = this.#deliveries.observe(seq, kind, from, origin, client.index, client.target);
    if (arrival !== "in order") this.#note(arrival, client.target, `message ${seq} of connection ${from}`);
    if (arrival === "duplicate") return;
    if (loop.isMeasured(index)) {
      const sentMs = this.#inFlight.sentMs(index);
      const dueMs = loop.dueMs(index, sentMs);
      this.#deliveries.time(index, origin, client.target, dueMs, sentMs, nowMs);
      this.#accounts.delivered(client.target, dueMs, sentMs, nowMs);
    }
    this.#checkIdle();
  }

  onGarbage(client: VirtualClient, text: string): void {
    this.#note("bad_payload", client.target, text);
  }

  onLost(client: VirtualClient, errorClass: ErrorClass, text: string): void {
    this.#accounts.of(client.target).lostConnections++;
    this.#note(errorClass, client.target, text);
    this.#pool.lost(client);
    this.#loop?.lost(this.#positions[client.index] ?? 0);
  }

  /** A server that answers HTTP with an error status is told apart from one that refuses a command. */
  get #refusedClass(): ErrorClass {
    return this.#options.scenario.speech.kind === "http" ? "http_status" : "reply_error";
  }

  #onOpen(client: Client): void {
    this.#accounts.of(client.target).connections++;
    this.#deliveries.subscribed(client.index, client.target);
  }

  async #measure(connected: RampOutcome, generator: GeneratorWatch): Promise<TrafficOutcome> {
    this.#senders = this.#pool.standing(this.#routing.senders);
    this.#positions = new Int32Array(this.#options.scenario.connections);
    this.#senders.forEach((connection, position) => this.#positions[connection] = position);
    const loop = this.#newLoop(generator);
    this.#loop = loop;
    using churn = new Churn(this.#options.scenario, this.#pool);
    if (this.#senders.length > 0) {
      churn.start();
      await loop.run((fromMs) => this.#begin(fromMs));
    }
    churn.stop();
    const drainMs = await this.#drain(loop);
    this.#closeAccounts(loop);
    this.#report(true);
    const result = assembleTraffic({
      options: this.#options,
      connected,
      pool: this.#pool,
      accounts: this.#accounts,
      deliveries: this.#routing.isPublishing ? this.#deliveries : undefined,
      throttled: this.#governor.stop(),
      generator: generator.stop(),
      measuredReleased: loop.measuredReleased,
      measuredFromMs: this.#measuredFromMs,
      beganMs: this.#context.beganMs,
      drainMs,
      endedMs: this.#clock.monotonicMs(),
    });
    const isInterrupted = this.#watch.signal.aborted;
    return { result, lostTargets: isInterrupted ? [] : lostTargets(this.#options, result) };
  }

  #begin(fromMs: number): void {
    this.#measuredFromMs = fromMs;
    this.#accounts.begin(fromMs, this.#options.scenario.durationMs);
  }

  #newLoop(generator: GeneratorWatch): TrafficLoop {
    return loopFor(this.#options, this.#context.phaseMs ?? 0, {
      clock: this.#clock,
      signal: this.#watch.signal,
      generator,
      senders: Math.max(1, this.#senders.length),
      window: this.#options.scenario.window,
      send: (index, position) => this.#send(index, position),
    });
  }

  #send(index: number, position: number): boolean {
    const client = this.#clientAt(position);
    const loop = this.#loop;
    if (client === undefined || loop === undefined) return false;
    const nowMs = this.#handlingMs ?? this.#clock.monotonicMs();
    const isMeasured = loop.isMeasured(index);
    if (isMeasured) this.#accounts.of(client.target).tried++;
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
      this.#accounts.sent(client.target, nowMs);
      this.#sizes.record(this.#payloads.sizeOf(index));
    }
    return true;
  }

  /** The sender, or while it is away on purpose the next one that is there. */
  #clientAt(position: number): Client | undefined {
    for (let step = 0; step < this.#senders.length; step++) {
      const connection = this.#senders[(position + step) % this.#senders.length] ?? 0;
      if (!this.#pool.isResting(connection)) return this.#pool.at(connection);
    }
    return undefined;
  }

  #senderOf(index: number): number | undefined {
    return this.#senders[index % Math.max(1, this.#senders.length)];
  }

  #settled(client: VirtualClient): void {
    this.#loop?.settled(this.#positions[client.index] ?? 0);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#onIdle !== undefined && this.#isIdle) this.#onIdle();
  }

  get #isIdle(): boolean {
    return this.#inFlight.waiting === 0 && (this.#loop?.held ?? 0) === 0 && this.#deliveries.outstanding <= 0;
  }

  /** Waits until all is answered and delivered, at most the drain time. Answers how long that took, milliseconds. */
  async #drain(loop: TrafficLoop): Promise<number> {
    const beganMs = this.#clock.monotonicMs();
    if (loop.released === 0 || this.#isIdle) return 0;
    await waitForEvent({
      arm: (onIdle) => this.#onIdle = onIdle,
      signal: this.#watch.signal,
      maxMs: this.#options.drainMs,
      abortedMs: INTERRUPTED_DRAIN_MS,
    });
    this.#deliveries.endDrain();
    return this.#clock.monotonicMs() - beganMs;
  }

  #closeAccounts(loop: TrafficLoop): void {
    const nowMs = this.#clock.monotonicMs();
    for (const index of loop.takeHeld()) {
      const connection = this.#senderOf(index) ?? 0;
      if (loop.isMeasured(index)) this.#accounts.of(this.#targetOf(connection)).tried++;
      this.#giveUp(index, connection, nowMs);
    }
    for (const index of this.#inFlight.unanswered()) {
      this.#giveUp(index, this.#inFlight.senderOf(index), nowMs);
    }
  }

  /** A held message waits for an answer that may never come: after the reply timeout its place is free again. */
  #expire(): void {
    if (this.#options.scenario.window === 0) return;
    const nowMs = this.#clock.monotonicMs();
    const isClosed = this.#options.scenario.model === "closed";
    const beforeMs = nowMs - REPLY_TIMEOUT_MS;
    for (const index of isClosed ? this.#inFlight.expireInOrder(beforeMs) : this.#inFlight.expire(beforeMs)) {
      const connection = this.#inFlight.senderOf(index);
      this.#giveUp(index, connection, nowMs);
      this.#loop?.settled(this.#positions[connection] ?? 0);
    }
  }

  #giveUp(index: number, connection: number, nowMs: number): void {
    const loop = this.#loop;
    if (loop === undefined || !loop.isMeasured(index)) return;
    const target = this.#targetOf(connection);
    this.#accounts.gaveUp(target, loop.dueMs(index, this.#inFlight.sentMs(index)), nowMs);
    this.#note("reply_timeout", target, `message ${index} was not answered`);
  }

  #targetOf(connection: number): number {
    return connection % this.#options.targets.length;
  }

  #report(isLast = false): void {
    const { scenario, targets } = this.#options;
    const loop = this.#loop;
    const errors = this.#accounts.sum("errors");
    if (loop === undefined) {
      const { open, failed } = this.#pool.ramp;
      const progress = { phase: "connect", done: open, total: scenario.connections, errors: failed } as const;
      return this.#watch.onProgress(progress);
    }
    targets.forEach((_, at) => {
      const { sent, received } = this.#pool.bytesOf(at);
      const reconnects = this.#pool.reconnectsOf(at);
      Object.assign(this.#accounts.of(at), { bytesSent: sent, bytesReceived: received, reconnects });
    });
    const isWarm = loop.measuredReleased > 0;
    const phase: Progress["phase"] = loop.isDone ? "drain" : isWarm ? "measure" : "warm-up";
    const [done, total] = isWarm
      ? [this.#accounts.sum("answered"), scenario.messages]
      : [loop.released, warmupCount(scenario)];
    const instances = this.#accounts.progress();
    const telemetry = isLast || this.#reports++ % REPORTS_PER_TELEMETRY === 0
      ? { telemetry: this.#telemetry() }
      : {};
    this.#watch.onProgress({ phase, done, total, errors, instances, ...telemetry });
  }

  #telemetry() {
    return readTelemetry({
      accounts: this.#accounts,
      instances: this.#options.targets.map((target) => target.instance),
      pool: this.#pool,
      deliveries: this.#routing.isPublishing ? this.#deliveries : undefined,
      generator: this.#generator,
      governor: this.#governor,
      errors: this.#context.errors,
      sizes: this.#sizes,
    });
  }

  #note(errorClass: ErrorClass, target: number, text: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#accounts.failed(target, nowMs);
    const instance = this.#options.targets[target]?.instance ?? "?";
    this.#context.errors.add(errorClass, instance, text, nowMs - this.#context.beganMs);
  }

  #sinceBeganMs(): number {
    return this.#clock.monotonicMs() - this.#context.beganMs;
  }
}

/**
 * Echo by rpc on connections that stay open, by an open plan: message k leaves connection `k mod connections` at its
 * intended time, whatever the server does, and its latency counts from there.
 */
import type { Clock } from "../../core/clock.ts";
import { type Client, type ClientListener } from "./client.ts";
import { closeClients, type ConnectOutcome, noteLost, openClients } from "./connector.ts";
import type { LoadWatch, Progress } from "./engine.ts";
import type { LoadOptions } from "./load_options.ts";
import type { ConnectResult, TrafficInstance, TrafficResult } from "./load_result.ts";
import type { ErrorClass, ErrorTally } from "../truth/error_classes.ts";
import { type GeneratorHealth, GeneratorWatch } from "./generator.ts";
import { encodeHistogram, newHistogram, recordMs } from "../truth/histogram.ts";
import { InFlight } from "./in_flight.ts";
import { lateAfterMs, measureTickMs, runPlan } from "./pacer.ts";
import { intendedMs, type Plan, planMs } from "./plan.ts";
import { Recorder } from "../truth/recorder.ts";
import { payloadText } from "./seed.ts";
import { SecondsSeries } from "./seconds.ts";
import { WindowGate } from "./window_gate.ts";
import { largestOf } from "../scenario/payload_spec.ts";
import { EchoCodec } from "./wire.ts";

/** A message without an answer after this is given up, milliseconds. */
export const REPLY_TIMEOUT_MS = 10_000;
/** Between connecting and the first send. */
const LEAD_MS = 20;
const PROGRESS_EVERY_MS = 250;
/** After Ctrl-C what is under way gets this long. */
const INTERRUPTED_DRAIN_MS = 500;

/** What the load needs besides the run's options. */
export interface WsLoadContext {
  readonly errors: ErrorTally;
  /** Start of the run, for the times in `errors`. */
  readonly beganMs: number;
}

/** The result, and which instances lost all their connections. */
export interface WsLoadOutcome {
  readonly result: TrafficResult;
  readonly lostTargets: readonly string[];
}

/** Connects, warms up, measures and drains. */
export async function runWsLoad(
  options: LoadOptions,
  watch: LoadWatch,
  context: WsLoadContext,
): Promise<WsLoadOutcome> {
  const load = new WsLoad(options, watch, context);
  try {
    return await load.run();
  } finally {
    await load.close();
  }
}

interface InstanceCounts {
  connections: number;
  lostConnections: number;
  tried: number;
  sent: number;
  answered: number;
  duplicate: number;
  unanswered: number;
  readonly latency: Recorder;
}

class WsLoad implements ClientListener {
  readonly #options: LoadOptions;
  readonly #watch: LoadWatch;
  readonly #context: WsLoadContext;
  readonly #clock: Clock;
  readonly #instances: readonly InstanceCounts[];
  readonly #inFlight: InFlight;
  readonly #firstThird = newHistogram();
  readonly #lastThird = newHistogram();
  readonly #warmupCount: number;
  readonly #totalCount: number;
  #clients: readonly Client[] = [];
  #numberOf = new Map<Client, number>();
  #plan: Plan;
  #gate: WindowGate;
  #seconds: SecondsSeries;
  #generator: GeneratorWatch | undefined;
  #errorCount = 0;
  #lastSendMs = 0;
  #lastAnswerMs = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: LoadOptions, watch: LoadWatch, context: WsLoadContext) {
    const { scenario } = options;
    this.#options = options;
    this.#watch = watch;
    this.#context = context;
    this.#clock = watch.clock;
    this.#instances = options.targets.map(newCounts);
    this.#warmupCount = Math.round(scenario.perSec * scenario.warmupMs / 1_000);
    this.#totalCount = this.#warmupCount + scenario.messages;
    const maxWaiting = Math.ceil(scenario.perSec * (REPLY_TIMEOUT_MS + options.drainMs) / 1_000);
    this.#inFlight = new InFlight(Math.min(this.#totalCount, maxWaiting));
    this.#plan = { startMs: 0, perSec: scenario.perSec, count: this.#totalCount };
    this.#gate = new WindowGate(1, options.scenario.window, (index) => this.#send(index));
    this.#seconds = new SecondsSeries([], 0);
  }

  async run(): Promise<WsLoadOutcome> {
    const connected = await this.#connect();
    const tickMs = await measureTickMs(this.#clock);
    const generator = new GeneratorWatch(this.#clock, lateAfterMs(this.#options.pacer, tickMs));
    this.#generator = generator;
    const progress = setInterval(() => {
      this.#expire();
      this.#report();
    }, PROGRESS_EVERY_MS);
    try {
      const released = await this.#release(generator);
      const drainMs = await this.#drain();
      this.#closeAccounts();
      return this.#outcome(connected, generator.stop(), released, drainMs);
    } finally {
      clearInterval(progress);
      generator.stop();
    }
  }

  async close(): Promise<void> {
    await closeClients(this.#clients);
  }

  onEcho(client: Client, id: number, isIntact: boolean): void {
    const index = id - 1;
    const answer = this.#inFlight.answered(index);
    const counts = this.#countsOf(client);
    const isMeasured = index >= this.#warmupCount;
    if (answer === "duplicate" && isMeasured) {
      counts.duplicate++;
      return this.#note("duplicate", client.target, `rpc ${id} was answered twice`);
    }
    if (answer !== "first") return;
    if (!isIntact) this.#note("bad_payload", client.target, `rpc ${id} came back changed`);
    else if (isMeasured) this.#recordAnswer(counts, index);
    this.#settled(client);
  }

  onRefused(client: Client, id: number, code: number, message: string): void {
    this.#note("reply_error", client.target, `rpc answered ${code}: ${message}`);
    if (this.#inFlight.answered(id - 1) === "first") this.#settled(client);
  }

  onPublication(): void {}

  onGarbage(client: Client, text: string): void {
    this.#note("bad_payload", client.target, text);
  }

  onLost(client: Client, code: number, reason: string): void {
    this.#countsOf(client).lostConnections++;
    this.#errorCount++;
    noteLost(this.#context.errors, this.#options.targets[client.target], code, reason, this.#sinceBegan());
    const number = this.#numberOf.get(client);
    if (number !== undefined) this.#gate.lost(number);
  }

  async #connect(): Promise<ConnectOutcome> {
    const { targets, scenario, seed } = this.#options;
    this.#watch.onProgress({ phase: "connect", done: 0, total: scenario.connections, errors: 0 });
    const connected = await openClients({
      targets,
      connections: scenario.connections,
      codec: new EchoCodec(payloadText(seed, largestOf(scenario.payload))),
      listener: this,
      clock: this.#clock,
      errors: this.#context.errors,
      beganMs: this.#context.beganMs,
      signal: this.#watch.signal,
    });
    this.#clients = connected.clients;
    this.#clients.forEach((client, number) => {
      this.#numberOf.set(client, number);
      this.#countsOf(client).connections++;
    });
    this.#errorCount += connected.failed;
    return connected;
  }

  async #release(generator: GeneratorWatch): Promise<number> {
    if (this.#clients.length === 0) return 0;
    this.#gate = new WindowGate(
      this.#clients.length,
      this.#options.scenario.window,
      (index) => this.#send(index),
    );
    this.#plan = { ...this.#plan, startMs: this.#clock.monotonicMs() + LEAD_MS };
    this.#seconds = new SecondsSeries(
      this.#options.targets.map((target) => target.instance),
      intendedMs(this.#plan, this.#warmupCount),
    );
    return await runPlan(this.#plan, {
      kind: this.#options.pacer,
      clock: this.#clock,
      signal: this.#watch.signal,
      release: (index, dueMs, nowMs) => {
        if (index >= this.#warmupCount) generator.released(dueMs, nowMs);
        this.#gate.release();
      },
    });
  }

  #send(index: number): boolean {
    const client = this.#clients[index % this.#clients.length];
    if (client === undefined) return false;
    const counts = this.#countsOf(client);
    const nowMs = this.#clock.monotonicMs();
    const isMeasured = index >= this.#warmupCount;
    if (isMeasured) counts.tried++;
    const fault = client.sendEcho(index + 1);
    if (fault !== undefined) {
      this.#note(fault, client.target, `message ${index} did not leave`);
      return false;
    }
    const overdue = this.#inFlight.sent(index, nowMs);
    if (overdue >= 0) this.#giveUp(overdue, nowMs);
    if (!isMeasured) return true;
    counts.sent++;
    this.#lastSendMs = nowMs;
    this.#seconds.sent(client.target, nowMs);
    return true;
  }

  #recordAnswer(counts: InstanceCounts, index: number): void {
    const nowMs = this.#clock.monotonicMs();
    const dueMs = intendedMs(this.#plan, index);
    counts.answered++;
    counts.latency.answered(dueMs, this.#inFlight.sentMs(index), nowMs);
    this.#seconds.received(this.#targetOf(index), nowMs, nowMs - dueMs);
    this.#lastAnswerMs = nowMs;
    const third = 3 * (index - this.#warmupCount) / this.#options.scenario.messages;
    if (third < 1) recordMs(this.#firstThird, nowMs - dueMs);
    else if (third >= 2) recordMs(this.#lastThird, nowMs - dueMs);
  }

  #targetOf(index: number): number {
    return this.#clients[index % this.#clients.length]?.target ?? 0;
  }

  #settled(client: Client): void {
    this.#gate.answered(this.#numberOf.get(client) ?? 0);
    if (this.#inFlight.waiting === 0 && this.#gate.held === 0) this.#onIdle?.();
  }

  /** Waits until all is answered, at most the drain time. Answers how long that took, milliseconds. */
  async #drain(): Promise<number> {
    const beganMs = this.#clock.monotonicMs();
    const maxMs = this.#watch.signal.aborted ? INTERRUPTED_DRAIN_MS : this.#options.drainMs;
    if (this.#inFlight.waiting === 0 && this.#gate.held === 0) return 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, maxMs);
    const cutShort = () => setTimeout(resolve, INTERRUPTED_DRAIN_MS);
    this.#watch.signal.addEventListener("abort", cutShort, { once: true });
    this.#onIdle = resolve;
    await promise;
    this.#watch.signal.removeEventListener("abort", cutShort);
    clearTimeout(timer);
    return this.#clock.monotonicMs() - beganMs;
  }

  #closeAccounts(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const index of this.#gate.takeHeld()) {
      this.#countTried(index);
      this.#giveUp(index, nowMs);
    }
    for (const index of this.#inFlight.unanswered()) this.#giveUp(index, nowMs);
  }

  /** A held message waits for an answer that may never come: after the reply timeout its place is free again. */
  #expire(): void {
    if (this.#options.scenario.window === 0) return;
    const nowMs = this.#clock.monotonicMs();
    for (const index of this.#inFlight.expire(nowMs - REPLY_TIMEOUT_MS)) {
      this.#giveUp(index, nowMs);
      this.#gate.answered(index % this.#clients.length);
    }
  }

  #countTried(index: number): void {
    const client = this.#clients[index % this.#clients.length];
    if (client !== undefined && index >= this.#warmupCount) this.#countsOf(client).tried++;
  }

  #giveUp(index: number, nowMs: number): void {
    const client = this.#clients[index % this.#clients.length];
    if (client === undefined || index < this.#warmupCount) return;
    const dueMs = intendedMs(this.#plan, index);
    const counts = this.#countsOf(client);
    counts.unanswered++;
    counts.latency.unanswered(dueMs, nowMs);
    this.#note("reply_timeout", client.target, `rpc ${index + 1} was not answered`);
  }

  #outcome(
    connected: ConnectOutcome,
    generator: GeneratorHealth,
    released: number,
    drainMs: number,
  ): WsLoadOutcome {
    const { scenario, targets } = this.#options;
    const tried = this.#instances.reduce((sum, counts) => sum + counts.tried, 0);
    const answered = this.#instances.reduce((sum, counts) => sum + counts.answered, 0);
    const beganMs = intendedMs(this.#plan, this.#warmupCount);
    const plannedMs = planMs(Math.max(0, released - this.#warmupCount), scenario.perSec);
    const receiveMs = Math.max(plannedMs, this.#lastAnswerMs - beganMs);
    const result: TrafficResult = {
      model: "open",
      pattern: scenario.pattern.kind,
      cells: [],
      fanOut: undefined,
      measuredFromMs: beganMs - this.#context.beganMs,
      instances: this.#instances.map((counts, at) => instanceResult(targets[at]?.instance ?? "?", counts)),
      asked: scenario.messages,
      neverTried: scenario.messages - tried,
      offeredPerSec: scenario.perSec,
      achievedPerSec: receiveMs <= 0 ? 0 : answered * 1_000 / receiveMs,
      sendMs: Math.max(plannedMs, this.#lastSendMs - beganMs),
      receiveMs,
      warmupMs: scenario.warmupMs,
      drainMs,
      seconds: this.#seconds.rows(),
      firstThird: encodeHistogram(this.#firstThird),
      lastThird: encodeHistogram(this.#lastThird),
      connect: connectResult(connected),
      churn: { closed: 0, reopened: 0, failed: 0 },
      throttled: [],
      outages: [],
      generators: [generator],
    };
    return { result, lostTargets: this.#lostTargets() };
  }

  #lostTargets(): readonly string[] {
    const isLost = (counts: InstanceCounts) => counts.connections === counts.lostConnections;
    const wanted = Math.min(this.#options.targets.length, this.#options.scenario.connections);
    if (this.#watch.signal.aborted) return [];
    return this.#options.targets.filter((_, at) => {
      const counts = this.#instances[at];
      return at < wanted && counts !== undefined && isLost(counts);
    }).map((target) => target.instance);
  }

  #report(): void {
    const released = this.#gate.released;
    const isWarm = released >= this.#warmupCount;
    const answered = this.#instances.reduce((sum, counts) => sum + counts.answered, 0);
    const isDraining = released >= this.#totalCount;
    const phase: Progress["phase"] = isDraining ? "drain" : isWarm ? "measure" : "warm-up";
    const [done, total] = isWarm
      ? [answered, this.#options.scenario.messages]
      : [released, this.#warmupCount];
    this.#watch.onProgress({ phase, done, total, errors: this.#errorCount });
  }

  #countsOf(client: Client): InstanceCounts {
    const counts = this.#instances[client.target];
    if (counts === undefined) throw new RangeError(`No instance ${client.target}`);
    return counts;
  }

  #note(errorClass: ErrorClass, target: number, text: string): void {
    this.#errorCount++;
    this.#context.errors.add(
      errorClass,
      this.#options.targets[target]?.instance ?? "?",
      text,
      this.#sinceBegan(),
    );
  }

  #sinceBegan(): number {
    return this.#clock.monotonicMs() - this.#context.beganMs;
  }
}

function newCounts(): InstanceCounts {
  return {
    connections: 0,
    lostConnections: 0,
    tried: 0,
    sent: 0,
    answered: 0,
    duplicate: 0,
    unanswered: 0,
    latency: new Recorder(),
  };
}

function instanceResult(instance: string, counts: InstanceCounts): TrafficInstance {
  const { latency, ...plain } = counts;
  return { instance, ...plain, delivered: 0, bytesSent: 0, bytesReceived: 0, latency: latency.toData() };
}

function connectResult(connected: ConnectOutcome): ConnectResult {
  return {
    asked: connected.asked,
    open: connected.clients.length,
    failed: connected.failed,
    neverTried: connected.neverTried,
    tookMs: connected.tookMs,
    retries: 0,
    tcp: encodeHistogram(newHistogram()),
    upgrade: encodeHistogram(connected.upgrade),
    ready: encodeHistogram(connected.welcome),
    firstMessage: encodeHistogram(newHistogram()),
    ramp: [],
  };
}

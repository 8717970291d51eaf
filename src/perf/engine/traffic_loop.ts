/** What makes messages leave: a plan (open model) or the answers to those before (closed model). */
import type { Clock } from "../../core/clock.ts";
import { sleep } from "./deadline_wait.ts";
import type { GeneratorWatch } from "./generator.ts";
import type { PacerKind } from "./pacer.ts";
import { runPlan } from "./pacer.ts";
import { intendedMs, type Plan, startingAt } from "./plan.ts";
import { PreciseTimer } from "./precise_timer.ts";
import { WindowGate } from "./window_gate.ts";

/** What a loop needs; sender numbers count from 0 and are positions among the standing senders. */
export interface LoopOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly generator: GeneratorWatch;
  readonly senders: number;
  readonly window: number;
  /** Sends message `index` of `sender`; answers whether it left. */
  readonly send: (index: number, sender: number) => boolean;
}

/** Drives one run. */
export interface TrafficLoop {
  /** Runs to the end of the measured phase, or until the signal; `onMeasure` is called when warm-up is over. */
  run(onMeasure: (fromMs: number) => void): Promise<void>;
  /** When message `index`, sent at `sentMs`, should have left. */
  dueMs(index: number, sentMs: number): number;
  isMeasured(index: number): boolean;
  /** A message of `sender` is settled. */
  settled(sender: number): void;
  /** No answer will come to what `sender` has under way. */
  lost(sender: number): void;
  /** Messages released and not yet sent. */
  readonly held: number;
  /** Gives up the held ones and answers their numbers. */
  takeHeld(): readonly number[];
  /** Messages released so far, and those of them that count. */
  readonly released: number;
  readonly measuredReleased: number;
  readonly isDone: boolean;
}

/** Between connecting and the first send. */
const LEAD_MS = 20;

/** By plan: message k leaves sender `k mod senders` at its intended time, whatever the server does. */
export class OpenLoop implements TrafficLoop {
  readonly #options: LoopOptions;
  readonly #gate: WindowGate;
  readonly #warmupCount: number;
  readonly #pacer: PacerKind;
  #plan: Plan;

  constructor(options: LoopOptions, plan: Plan, warmupCount: number, pacer: PacerKind) {
    this.#options = options;
    this.#plan = plan;
    this.#warmupCount = warmupCount;
    this.#pacer = pacer;
    this.#gate = new WindowGate(
      options.senders,
      options.window,
      (index) => options.send(index, index % options.senders),
    );
  }

  async run(onMeasure: (fromMs: number) => void): Promise<void> {
    const { clock, signal, generator } = this.#options;
    using timer = new PreciseTimer();
    await timer.ready();
    this.#plan = startingAt(this.#plan, clock.monotonicMs() + LEAD_MS + this.#plan.startMs);
    onMeasure(intendedMs(this.#plan, this.#warmupCount));
    await runPlan(this.#plan, {
      timer,
      kind: this.#pacer,
      clock,
      signal,
      release: (index, dueMs, nowMs) => {
        if (index === this.#warmupCount) generator.begin();
        if (index >= this.#warmupCount) generator.released(dueMs, nowMs);
        this.#gate.release();
      },
    });
  }

  dueMs(index: number): number {
    return intendedMs(this.#plan, index);
  }

  isMeasured(index: number): boolean {
    return index >= this.#warmupCount;
  }

  settled(sender: number): void {
    this.#gate.answered(sender);
  }

  lost(sender: number): void {
    this.#gate.lost(sender);
  }

  get held(): number {
    return this.#gate.held;
  }

  takeHeld(): readonly number[] {
    return this.#gate.takeHeld();
  }

  get released(): number {
    return this.#gate.released;
  }

  get measuredReleased(): number {
    return Math.max(0, this.#gate.released - this.#warmupCount);
  }

  get isDone(): boolean {
    return this.#gate.released >= this.#plan.count;
  }
}

/** By answers: each sender keeps `window` messages under way until the time is over. */
export class ClosedLoop implements TrafficLoop {
  readonly held = 0;
  readonly #options: LoopOptions;
  readonly #warmupMs: number;
  readonly #durationMs: number;
  #next = 0;
  #firstMeasured = Number.POSITIVE_INFINITY;
  #isOver = false;

  constructor(options: LoopOptions, warmupMs: number, durationMs: number) {
    this.#options = options;
    this.#warmupMs = warmupMs;
    this.#durationMs = durationMs;
  }

  async run(onMeasure: (fromMs: number) => void): Promise<void> {
    const { senders, window, signal } = this.#options;
    if (this.#warmupMs <= 0) this.#beginMeasuring(onMeasure);
    for (let nth = 0; nth < window; nth++) {
      for (let sender = 0; sender < senders; sender++) this.#sendNext(sender);
    }
    if (this.#warmupMs > 0) {
      await sleep(this.#warmupMs, signal);
      this.#beginMeasuring(onMeasure);
    }
    await sleep(this.#durationMs, signal);
    this.#isOver = true;
  }

  dueMs(_index: number, sentMs: number): number {
    return sentMs;
  }

  isMeasured(index: number): boolean {
    return index >= this.#firstMeasured;
  }

  settled(sender: number): void {
    if (!this.#isOver) this.#sendNext(sender);
  }

  lost(): void {}

  takeHeld(): readonly number[] {
    return [];
  }

  get released(): number {
    return this.#next;
  }

  get measuredReleased(): number {
    return Math.max(0, this.#next - this.#firstMeasured);
  }

  get isDone(): boolean {
    return this.#isOver;
  }

  #beginMeasuring(onMeasure: (fromMs: number) => void): void {
    this.#firstMeasured = this.#next;
    this.#options.generator.begin();
    onMeasure(this.#options.clock.monotonicMs());
  }

  #sendNext(sender: number): void {
    const { send, generator } = this.#options;
    generator.releasedNow();
    send(this.#next++, sender);
  }
}

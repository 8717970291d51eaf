/**
 * Releases the messages of a plan by ticks: each tick hands out what is due since the last one. A timer per message
 * would fire after 2.1 ms at the earliest and cost more than the message.
 */
import type { Clock } from "../../core/clock.ts";
import type { PreciseTimer } from "./precise_timer.ts";
import { dueCount, intendedMs, type Plan } from "./plan.ts";

/** `timer`: a tick when something is due, to some 0.1 ms, cheap. `spin`: a tick per turn of the event loop, takes a core. */
export type PacerKind = "timer" | "spin";

/** The deficit of a plan: what is due and not yet released. Pure. */
export class Deficit {
  readonly #plan: Plan;
  readonly #maxBurst: number;
  #released = 0;

  /** `maxBurst`: the most that one tick may release, so that catching up is not a flood of its own. */
  constructor(plan: Plan, maxBurst: number) {
    this.#plan = plan;
    this.#maxBurst = maxBurst;
  }

  /** Messages released so far; the next one has this index. */
  get released(): number {
    return this.#released;
  }

  get isDone(): boolean {
    return this.#released >= this.#plan.count;
  }

  /** How many messages to release at `nowMs`; they count as released. */
  take(nowMs: number): number {
    const count = Math.min(dueCount(this.#plan, nowMs) - this.#released, this.#maxBurst);
    this.#released += Math.max(0, count);
    return Math.max(0, count);
  }

  /** Milliseconds from `nowMs` until the next message is due; 0 when one is due already. */
  waitMs(nowMs: number): number {
    return Math.max(0, intendedMs(this.#plan, this.#released) - nowMs);
  }
}

/** The most messages one tick may release at `perSec`: ten usual ticks' worth, and never so few that it limits. */
export function maxBurst(perSec: number): number {
  return Math.max(64, Math.ceil(perSec * 0.02));
}

/** What {@linkcode runPlan} needs. */
export interface PacerOptions {
  readonly kind: PacerKind;
  readonly clock: Clock;
  /** Stops the pacer between two ticks. */
  readonly signal: AbortSignal;
  /** Short waits of the `timer` kind; without it they take the runtime's 2 ms. */
  readonly timer?: PreciseTimer;
  /** Called for each message, in order. Must not throw. */
  readonly release: (index: number, intendedMs: number, nowMs: number) => void;
}

/** Longest sleep between two ticks of a slow plan, so that a stop is noticed. */
const MAX_SLEEP_MS = 50;

/** Releases all messages of `plan`; resolves with how many were released, fewer than planned after a stop. */
export function runPlan(plan: Plan, options: PacerOptions): Promise<number> {
  const deficit = new Deficit(plan, maxBurst(plan.maxPerSec));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const tick = () => {
    try {
      if (options.signal.aborted) return resolve(deficit.released);
      releaseDue(plan, deficit, options);
      if (deficit.isDone) return resolve(deficit.released);
      scheduleTick(tick, deficit.waitMs(options.clock.monotonicMs()), options);
    } catch (error) {
      reject(error);
    }
  };
  tick();
  return promise;
}

function releaseDue(plan: Plan, deficit: Deficit, options: PacerOptions): void {
  const nowMs = options.clock.monotonicMs();
  const first = deficit.released;
  const count = deficit.take(nowMs);
  for (let index = first; index < first + count; index++) {
    options.release(index, intendedMs(plan, index), options.clock.monotonicMs());
  }
}

/** At high rates ticks come no closer than this: what falls due meanwhile leaves together, milliseconds. */
const MIN_TICK_MS = 0.25;
/** No timer of the runtime is finer; two of its ticks before the time it hands over. */
const COARSE_MS = 5;

function scheduleTick(tick: () => void, waitMs: number, { kind, timer }: PacerOptions): void {
  if (waitMs >= COARSE_MS) setTimeout(tick, Math.min(waitMs - COARSE_MS + 1, MAX_SLEEP_MS));
  else if (kind === "spin") setImmediate(tick);
  else if (timer !== undefined) timer.wake(tick, Math.max(MIN_TICK_MS, waitMs));
  else setTimeout(tick, 1);
}

/** Measures how long the shortest timer of this process takes: the median of `rounds`, in milliseconds. */
export async function measureTickMs(clock: Clock, rounds = 21): Promise<number> {
  const spans: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const beforeMs = clock.monotonicMs();
    await new Promise((resolve) => setTimeout(resolve, 1));
    spans.push(clock.monotonicMs() - beforeMs);
  }
  spans.sort((a, b) => a - b);
  return spans[Math.floor(rounds / 2)] ?? 2.1;
}

/** Sends later than this after their time are late by the generator's own fault, in milliseconds. */
export function lateAfterMs(kind: PacerKind, tickMs: number): number {
  return kind === "spin" ? 1 : 2 * tickMs;
}

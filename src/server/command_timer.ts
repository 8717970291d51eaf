import type { Clock } from "../core/clock.ts";
import { Buckets } from "../core/buckets.ts";
import type { Labelled, LabelledHistograms } from "../metrics/mod.ts";
import { type RequestKind, requestSchemas } from "../protocol/commands.ts";

/** One command in so many of its kind is timed; a power of two. Reading the clock twice for each would cost 3 %. */
const TIMED_IN = 16;
/** A timed command that is never answered (its connection ended) gives its place up after this long. */
const ABANDONED_MS = 30_000;

/** What the timer needs of a command; its identity tells it from others. */
export interface TimedCommand {
  readonly kind: RequestKind;
}

interface KindState {
  total: number;
  /** The one command of this kind that is being timed. */
  timed: TimedCommand | undefined;
  startMs: number;
  readonly seconds: Buckets;
}

/**
 * Counts the commands of a node by kind and times some: of each kind one at a time, which needs no place in the
 * commands themselves. Which ones are timed does not depend on how long they take.
 */
export class CommandTimer {
  readonly #clock: Clock;
  readonly #kinds: Readonly<Record<RequestKind, KindState>>;

  constructor(clock: Clock) {
    this.#clock = clock;
    const kinds = Object.keys(requestSchemas).map((kind) => [kind, newState()]);
    this.#kinds = Object.fromEntries(kinds) as Record<RequestKind, KindState>; // the keys of the table are the kinds
  }

  /** A command has arrived. */
  begin(command: TimedCommand): void {
    const state = this.#kinds[command.kind];
    if ((state.total++ & (TIMED_IN - 1)) === 0) this.#time(state, command);
  }

  /** A command was answered. */
  end(command: TimedCommand): void {
    const state = this.#kinds[command.kind];
    if (state.timed !== command) return;
    state.timed = undefined;
    state.seconds.observe((this.#clock.monotonicMs() - state.startMs) / 1000);
  }

  /** Commands by kind. */
  totals(): Labelled {
    return new Map(Object.entries(this.#kinds).map(([kind, { total }]) => [kind, total]));
  }

  /** Time until the answer, by kind; kinds that never came are left out. */
  seconds(): LabelledHistograms {
    const seen = Object.entries(this.#kinds).filter(([, { total }]) => total > 0);
    return new Map(seen.map(([kind, { seconds }]) => [kind, seconds.read()]));
  }

  #time(state: KindState, command: TimedCommand): void {
    const nowMs = this.#clock.monotonicMs();
    if (state.timed !== undefined && nowMs - state.startMs < ABANDONED_MS) return;
    state.timed = command;
    state.startMs = nowMs;
  }
}

function newState(): KindState {
  return { total: 0, timed: undefined, startMs: 0, seconds: new Buckets() };
}

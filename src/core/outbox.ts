import { Frame, type Line } from "./frame.ts";

/** Somebody who is owed lines. `pending` belongs to the {@linkcode Outbox}. */
export interface OutboxTarget {
  pending: Frame | undefined;
  /** Sends what the tick gathered. Must not throw. */
  deliver(frame: Frame): void;
}

/** Runs a callback at the end of the current tick. */
export type Scheduler = (flush: () => void) => void;

/** A frame that has grown to this many bytes leaves before its tick ends. */
export const EARLY_FLUSH_BYTES = 128 * 1024;

/**
 * Two hops on the microtask queue: the runtime resolves all sockets that are ready in one go, so a flush that waits
 * behind their handlers takes along what each of them caused, and no timer delays a lone message.
 */
const endOfTick: Scheduler = (flush) => queueMicrotask(() => queueMicrotask(flush));

/**
 * Gathers the lines of one tick and hands each target ONE frame. Holds at most one frame of
 * {@linkcode EARLY_FLUSH_BYTES} plus one line for each target; what the socket then queues is bounded by the target.
 */
export class Outbox {
  readonly #schedule: Scheduler;
  #root = Frame.root();
  #dirty: OutboxTarget[] = [];
  readonly #flush = () => this.flush();

  constructor(schedule: Scheduler = endOfTick) {
    this.#schedule = schedule;
  }

  /** Owes `target` one line more. */
  push(target: OutboxTarget, line: Line): void {
    const before = target.pending;
    if (before === undefined) this.#mark(target);
    const frame = (before ?? this.#root).extend(line);
    if (frame.size < EARLY_FLUSH_BYTES) {
      target.pending = frame;
      return;
    }
    target.pending = undefined;
    target.deliver(frame);
  }

  /** Delivers what `target` is owed now, for instance before it is closed. */
  flushTarget(target: OutboxTarget): void {
    const frame = target.pending;
    if (frame === undefined) return;
    target.pending = undefined;
    target.deliver(frame);
  }

  /** Delivers everything that is owed. */
  flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#root = Frame.root();
    for (const target of dirty) this.flushTarget(target);
  }

  #mark(target: OutboxTarget): void {
    this.#dirty.push(target);
    if (this.#dirty.length === 1) this.#schedule(this.#flush);
  }
}

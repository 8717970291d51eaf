import { setImmediate } from "node:timers";
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
export const EARLY_FLUSH_BYTES = 32 * 1024;

/**
 * Two hops on the microtask queue: the runtime resolves all sockets that are ready in one go, so a flush that waits
 * behind their handlers takes along what each of them caused, and no timer delays a lone message.
 */
const endOfTick: Scheduler = (flush) => queueMicrotask(() => queueMicrotask(flush));

/**
 * So much leaves in one go. A socket copies what it is given until it is written, so a large broadcast in one go would
 * hold a copy for every connection at once; between two goes the runtime writes.
 */
const SLICE_BYTES = 512 * 1024;

/** After other work of the event loop; a timer would come 2 ms late. */
const afterOtherWork: Scheduler = (flush) => void setImmediate(flush);

/**
 * Gathers the lines of one tick and hands each target ONE frame. Holds at most one frame of
 * {@linkcode EARLY_FLUSH_BYTES} plus one line for each target; what the socket then queues is bounded by the target.
 */
export class Outbox {
  readonly #schedule: Scheduler;
  readonly #continue: Scheduler;
  #root = Frame.root();
  /** Of lines that are no text: a tree remembers one branch, and two kinds of subscribers would take turns on it. */
  #binaryRoot = Frame.root();
  #dirty: OutboxTarget[] = [];
  #served = 0;
  readonly #flush = () => this.flush();

  constructor(schedule: Scheduler = endOfTick, continueLater: Scheduler = afterOtherWork) {
    this.#schedule = schedule;
    this.#continue = continueLater;
  }

  /** Owes `target` one line more. */
  push(target: OutboxTarget, line: Line): void {
    const before = target.pending;
    if (before === undefined) this.#mark(target);
    const frame = (before ?? this.#rootOf(line)).extend(line);
    if (frame.size < EARLY_FLUSH_BYTES) {
      target.pending = frame;
      return;
    }
    target.pending = undefined;
    target.deliver(frame);
  }

  /** Delivers what `target` is owed now, for instance before it is closed. Answers how many bytes that were. */
  flushTarget(target: OutboxTarget): number {
    const frame = target.pending;
    if (frame === undefined) return 0;
    target.pending = undefined;
    target.deliver(frame);
    return frame.size;
  }

  /** Delivers what is owed, up to {@linkcode SLICE_BYTES}, and the rest a little later. */
  flush(): void {
    this.#root = Frame.root();
    this.#binaryRoot = Frame.root();
    let bytes = 0;
    for (let target = this.#dirty[this.#served]; target !== undefined; target = this.#dirty[this.#served]) {
      if (bytes >= SLICE_BYTES) return this.#continue(this.#flush);
      this.#served++;
      bytes += this.flushTarget(target);
    }
    this.#dirty = [];
    this.#served = 0;
  }

  #rootOf({ bytes }: Line): Frame {
    return bytes === undefined ? this.#root : this.#binaryRoot;
  }

  #mark(target: OutboxTarget): void {
    this.#dirty.push(target);
    if (this.#dirty.length === 1) this.#schedule(this.#flush);
  }
}

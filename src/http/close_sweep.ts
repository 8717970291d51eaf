import { type Clock, systemClock } from "../core/clock.ts";
import { Deadlines } from "../core/deadlines.ts";

/** A socket that has been asked to close. */
export interface Closing {
  /** The deadline has passed: ends what is not ended yet. Must not throw. */
  expire(): void;
}

/** Width of a deadline slot and pace of the one timer. */
const SWEEP_EVERY_MS = 250;

/**
 * Ends sockets whose peers do not answer a close, by one timer for all of them; the timer runs only while something
 * is closing, and never keeps the process alive.
 */
export class CloseSweep {
  readonly #timeoutMs: number;
  readonly #everyMs: number;
  readonly #clock: Clock;
  #deadlines: Deadlines<Closing>;
  #count = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `timeoutMs`: how long after {@linkcode add} a socket expires, milliseconds. */
  constructor(timeoutMs: number, clock: Clock = systemClock) {
    this.#timeoutMs = timeoutMs;
    this.#everyMs = Math.min(SWEEP_EVERY_MS, timeoutMs);
    this.#clock = clock;
    this.#deadlines = new Deadlines(this.#everyMs, clock.monotonicMs());
  }

  /** Calls `closing.expire()` once the timeout has passed. */
  add(closing: Closing): void {
    const now = this.#clock.monotonicMs();
    if (this.#timer === undefined) this.#start(now);
    this.#deadlines.add(closing, now + this.#timeoutMs);
    this.#count++;
  }

  /** Expires what is due now. */
  sweep(): void {
    const due = this.#deadlines.due(this.#clock.monotonicMs());
    this.#count -= due.length;
    for (const closing of due) closing.expire();
    if (this.#count === 0) this.stop();
  }

  /** Stops the timer and forgets what is closing. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #start(now: number): void {
    // A hand that has stood still would walk through every slot of the pause: take a new one.
    this.#deadlines = new Deadlines(this.#everyMs, now);
    this.#count = 0;
    const timer = setInterval(() => this.sweep(), this.#everyMs);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }
}

/** Somebody with a time by which something must have happened. */
export interface Dated {
  /** On the monotonic clock, milliseconds; Infinity when nothing is awaited. */
  readonly dueMs: number;
  /** The time has passed: ends what is awaited. Must not throw. */
  onDue(nowMs: number): void;
}

/**
 * Looks at all members once in a while. A timer or a ticket for each request would cost more than the request; a
 * look at a thousand idle connections costs microseconds.
 */
export class DeadlineWatch<T extends Dated> {
  readonly members = new Set<T>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** `everyMs`: by how much an end may be late. */
  constructor(everyMs: number) {
    this.#timer = setInterval(() => this.look(performance.now()), everyMs);
    Deno.unrefTimer(this.#timer);
  }

  /** Calls {@linkcode Dated.onDue} of those whose time has passed. */
  look(nowMs: number): void {
    for (const member of this.members) if (member.dueMs <= nowMs) member.onDue(nowMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

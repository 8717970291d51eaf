/** A bounded number of things at once, and a bounded number that wait for their turn, the first first. */

/** Why a turn was not given. */
export class NoSlotError extends Error {
  override readonly name = "NoSlotError";
}

interface Waiter {
  readonly resolve: () => void;
}

/** Turns. Each that was taken must be given back once. */
export class Slots {
  readonly #maxWaiting: number;
  readonly #waiting = new Set<Waiter>();
  #free: number;

  constructor(count: number, maxWaiting: number) {
    this.#free = count;
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves when it is the caller's turn. Rejects with {@linkcode NoSlotError} when too many wait or `signal` aborts. */
  async take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new NoSlotError("it is too late");
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.size >= this.#maxWaiting) throw new NoSlotError(`${this.#maxWaiting} wait already`);
    await this.#wait(signal);
  }

  /** Gives a turn back; whoever has waited longest gets it. */
  giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next.resolve();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { resolve };
    const abort = () => {
      if (this.#waiting.delete(waiter)) reject(new NoSlotError("nobody waits for it any more"));
    };
    this.#waiting.add(waiter);
    signal.addEventListener("abort", abort);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

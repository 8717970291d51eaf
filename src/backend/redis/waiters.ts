import { type Clock, systemClock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import { Fifo } from "./fifo.ts";

interface Waiter {
  readonly name: string;
  readonly dueMs: number;
  resolve(): void;
  reject(error: Error): void;
  isSettled: boolean;
}

/** Who waits for the confirmation of a name. All wait equally long, so one timer for the oldest is enough. */
export class Waiters {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #byName = new Map<string, Waiter[]>();
  readonly #byAge = new Fifo<Waiter>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, clock: Clock = systemClock) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** Resolves when `name` is settled without an error; rejects with a temporary error after the deadline. */
  wait(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const dueMs = this.#clock.monotonicMs() + this.#timeoutMs;
      const waiter: Waiter = { name, dueMs, resolve, reject, isSettled: false };
      const others = this.#byName.get(name);
      if (others) others.push(waiter);
      else this.#byName.set(name, [waiter]);
      this.#byAge.push(waiter);
      this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
    });
  }

  /** Whether anybody waits for `name`. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Ends the wait of all who wait for `name`. */
  settle(name: string, error?: Error): void {
    const waiters = this.#byName.get(name);
    if (waiters === undefined) return;
    this.#byName.delete(name);
    for (const waiter of waiters) {
      waiter.isSettled = true;
      if (error) waiter.reject(error);
      else waiter.resolve();
    }
    if (this.#byName.size === 0) this.#forgetAll();
  }

  /** Ends every wait. */
  rejectAll(error: Error): void {
    for (const name of [...this.#byName.keys()]) this.settle(name, error);
  }

  #forgetAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#byAge.shift());
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    let oldest = this.#byAge.peek();
    for (; oldest && (oldest.isSettled || oldest.dueMs <= nowMs); oldest = this.#byAge.peek()) {
      this.#byAge.shift();
      if (!oldest.isSettled) this.#timeOut(oldest);
    }
    if (oldest) this.#timer ??= setTimeout(() => this.#expire(), Math.max(1, oldest.dueMs - nowMs));
  }

  #timeOut(waiter: Waiter): void {
    waiter.isSettled = true;
    const others = (this.#byName.get(waiter.name) ?? []).filter((other) => other !== waiter);
    if (others.length > 0) this.#byName.set(waiter.name, others);
    else this.#byName.delete(waiter.name);
    waiter.reject(
      new ClientError("internal", {
        cause: new Error(`Redis did not confirm the subscription within ${this.#timeoutMs} ms`),
      }),
    );
  }
}

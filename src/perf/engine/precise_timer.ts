/**
 * Waits of less than two milliseconds. The runtime's own timers fire after 2.1 ms at the earliest; a thread that sleeps
 * for us wakes within some 0.1 ms of its time, and costs a few per cent of a core where a spin costs all of it.
 */

/** Cells shared with the thread; see `precise_timer_thread.ts`. */
export const cells = { request: 0, done: 1, isOver: 2 } as const;
/** What the thread is given. */
export interface TimerThreadInit {
  readonly cells: SharedArrayBuffer;
  readonly waitMs: SharedArrayBuffer;
}

/** One thread, one wait at a time. Dispose it to end the thread. */
export class PreciseTimer implements Disposable {
  readonly #cells = new Int32Array(new SharedArrayBuffer(12));
  readonly #waitMs = new Float64Array(new SharedArrayBuffer(8));
  readonly #thread: Worker;
  /** The engine does not count a waiting thread as a reason to live on. */
  readonly #keepAlive = setInterval(() => {}, 60_000);
  #onWake: (() => void) | undefined;

  constructor() {
    this.#thread = new Worker(new URL("./precise_timer_thread.ts", import.meta.url), { type: "module" });
    const init: TimerThreadInit = { cells: this.#cells.buffer, waitMs: this.#waitMs.buffer };
    this.#thread.postMessage(init);
  }

  /** Resolves when the thread runs. */
  async ready(): Promise<void> {
    await new Promise<void>((resolve) => this.wake(resolve, 0));
  }

  /** Calls `then` after `waitMs`, once; not before an earlier wait is over. */
  wake(then: () => void, waitMs: number): void {
    this.#onWake = then;
    this.#waitMs[0] = waitMs;
    const before = Atomics.load(this.#cells, cells.done);
    Atomics.add(this.#cells, cells.request, 1);
    Atomics.notify(this.#cells, cells.request);
    const waiting = Atomics.waitAsync(this.#cells, cells.done, before);
    if (waiting.async) void waiting.value.then(() => this.#woke());
    else queueMicrotask(() => this.#woke());
  }

  [Symbol.dispose](): void {
    this.#onWake = undefined;
    Atomics.store(this.#cells, cells.isOver, 1);
    Atomics.add(this.#cells, cells.request, 1);
    Atomics.notify(this.#cells, cells.request);
    clearInterval(this.#keepAlive);
    this.#thread.terminate();
  }

  #woke(): void {
    const then = this.#onWake;
    this.#onWake = undefined;
    then?.();
  }
}

/** Ctrl-C: the first asks the run to end with a report, a later one ends the process. */
import type { Clock } from "../core/clock.ts";
import { exitCodes } from "./truth/verdict.ts";

/** Under a task runner one Ctrl-C arrives twice within a millisecond. */
const SAME_KEYPRESS_MS = 1_000;

/** An abort signal for SIGINT and SIGTERM. Dispose it to stop listening. */
export class StopSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #onFirst: () => void;
  readonly #listener = () => this.#onSignal();
  #firstMs: number | undefined;

  /** `onFirst` is called once, at the first signal. */
  constructor(clock: Clock, onFirst: () => void) {
    this.#clock = clock;
    this.#onFirst = onFirst;
    Deno.addSignalListener("SIGINT", this.#listener);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#listener);
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", this.#listener);
  }

  #onSignal(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#firstMs === undefined) {
      this.#firstMs = nowMs;
      this.#onFirst();
      this.#controller.abort();
    } else if (nowMs - this.#firstMs > SAME_KEYPRESS_MS) Deno.exit(exitCodes.interrupted);
  }
}

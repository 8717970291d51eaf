/**
 * Lets many askers share one answer: of the calls with one key, at most one is under way and one waits. An answer was
 * always asked for after its asker came, so it is never too old.
 */
export class SharedCalls<T> {
  readonly #running = new Map<string, Promise<T>>();
  readonly #waiting = new Map<string, Promise<T>>();

  /** The answer of `call`, or of another asker's call with the same key that starts after now. */
  ask(key: string, call: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#run(key, call);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting;
    const start = () => {
      this.#waiting.delete(key);
      return this.#run(key, call);
    };
    const next = running.then(start, start);
    this.#waiting.set(key, next);
    return next;
  }

  #run(key: string, call: () => Promise<T>): Promise<T> {
    const running = call().finally(() => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    this.#running.set(key, running);
    return running;
  }
}

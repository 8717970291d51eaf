import type { HistoryDone, StreamPosition } from "../backend.ts";

interface Entry {
  readonly done: HistoryDone;
  readonly tick: number;
  /** Set where the publish never left. */
  readonly error: Error | undefined;
}

/**
 * Which publishes still wait for their answer. The hub answers in order, those without history by count; each `done` is
 * called once and in the order of the publishes, also where some failed at home and some ran out of time.
 */
export class PublishLedger {
  #entries: Entry[] = [];
  /** Entries before this one were answered. */
  #answered = 0;
  /** Entries before this one were told; past `#answered` where time ran out first. */
  #told = 0;

  /** Notes a publish that left in `tick`. */
  sent(done: HistoryDone, tick: number): void {
    this.#entries.push({ done, tick, error: undefined });
  }

  /** Notes a publish that never left. Told once all before it were, by the next `taken`, of 0 too. */
  failed(done: HistoryDone, error: Error): void {
    this.#entries.push({ done, tick: 0, error });
  }

  /** Tells the next `count` sent publishes, and the failed ones among and right behind them. */
  taken(count: number): void {
    this.#answer(count, undefined, undefined);
  }

  /** Tells the next sent publish where it was stored, and the failed ones around it. */
  stored(position: StreamPosition): void {
    this.#answer(1, undefined, position);
  }

  /** Tells the next sent publish that it was not stored, and the failed ones around it. */
  notStored(error: Error): void {
    this.#answer(1, error, undefined);
  }

  /** Tells those sent before `tick` that time ran out; their answers may still come and are then only counted. */
  expire(tick: number, error: Error): void {
    let failed = 0;
    for (const end = this.#entries.length; this.#told < end;) {
      const entry = this.#entries[this.#told];
      if (!entry || (!entry.error && entry.tick >= tick)) break;
      if (entry.error) failed++;
      this.#tell(this.#told, entry.error ?? error, undefined);
    }
    if (failed > 0) this.#dropFailed();
  }

  /** Tells all that is left that it failed, and forgets it. */
  failAll(error: Error): void {
    const left = this.#entries.slice(this.#told);
    this.#entries = [];
    this.#answered = this.#told = 0;
    for (const entry of left) entry.done(entry.error ?? error, undefined);
  }

  /** Publishes without an answer. */
  get size(): number {
    return this.#entries.length - this.#answered;
  }

  #answer(count: number, error: Error | undefined, position: StreamPosition | undefined): void {
    let left = count;
    // Not what a `done` adds meanwhile: a publish that fails at once must not be answered in its own call for ever.
    const end = this.#entries.length;
    for (; this.#answered < end; this.#answered++) {
      const entry = this.#entries[this.#answered];
      if (!entry || (!entry.error && left-- === 0)) break;
      this.#tell(this.#answered, entry.error ?? error, entry.error ? undefined : position);
    }
    this.#compact();
  }

  /** Of those that were told, only what left waits for an answer: a hub may be silent for long. */
  #dropFailed(): void {
    const sent = this.#entries.slice(this.#answered, this.#told).filter(({ error }) => error === undefined);
    this.#entries = sent.concat(this.#entries.slice(this.#told));
    this.#answered = 0;
    this.#told = sent.length;
  }

  #tell(index: number, error: Error | undefined, position: StreamPosition | undefined): void {
    if (index < this.#told) return;
    // Before the call: what it publishes must find the books in order.
    this.#told = index + 1;
    this.#entries[index]?.done(error, position);
  }

  /** At least half is dropped each time, so an entry is moved once on average. */
  #compact(): void {
    if (this.#answered === 0 || this.#answered * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#answered);
    this.#told -= this.#answered;
    this.#answered = 0;
  }
}

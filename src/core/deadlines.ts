/**
 * Many deadlines, one clock hand: items are kept by the slot of time in which they are due, so that adding costs a
 * push and a look costs only what is due. An item is never early and at most one slot late. There is no removal: an
 * item that no longer matters says so when it comes out.
 */
export class Deadlines<T> {
  readonly #slotMs: number;
  readonly #slots = new Map<number, T[]>();
  #nextSlot: number;

  /** `slotMs`: width of a slot in milliseconds. `nowMs`: the monotonic clock now. */
  constructor(slotMs: number, nowMs: number) {
    this.#slotMs = slotMs;
    this.#nextSlot = Math.floor(nowMs / slotMs);
  }

  /** Hands `item` out at the first {@linkcode due} at or after `atMs`. */
  add(item: T, atMs: number): void {
    const slot = Math.max(Math.ceil(atMs / this.#slotMs), this.#nextSlot);
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, [item]);
    else items.push(item);
  }

  /** Takes out all that is due at `nowMs`. */
  due(nowMs: number): readonly T[] {
    const last = Math.floor(nowMs / this.#slotMs);
    const items: T[] = [];
    for (; this.#nextSlot <= last; this.#nextSlot++) {
      for (const item of this.#slots.get(this.#nextSlot) ?? []) items.push(item);
      this.#slots.delete(this.#nextSlot);
    }
    return items;
  }
}

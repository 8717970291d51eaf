/**
 * Many deadlines, one clock hand: items are kept by the slot of time in which they are due, so that adding costs a
 * push and a look costs only what is due. An item is never early and at most one slot late. Whoever adds an item gets a
 * ticket: a cancelled ticket lets go of its item at once, and only its own few bytes wait for their slot.
 */
export class Ticket<T> {
  #item: T | undefined;

  constructor(item: T) {
    this.#item = item;
  }

  /** The item, unless it was cancelled. */
  get item(): T | undefined {
    return this.#item;
  }

  /** Forgets the item: it will not come out. */
  cancel(): void {
    this.#item = undefined;
  }
}

/** Items by the time at which they are due. */
export class Deadlines<T> {
  readonly #slotMs: number;
  readonly #slots = new Map<number, Ticket<T>[]>();
  /** What has no ticket. */
  readonly #plain = new Map<number, T[]>();
  #nextSlot: number;

  /** `slotMs`: width of a slot in milliseconds. `nowMs`: the monotonic clock now. */
  constructor(slotMs: number, nowMs: number) {
    this.#slotMs = slotMs;
    this.#nextSlot = Math.floor(nowMs / slotMs);
  }

  /** Hands `item` out at the first {@linkcode due} at or after `atMs`, unless its ticket is cancelled before. */
  add(item: T, atMs: number): Ticket<T> {
    const ticket = new Ticket(item);
    put(this.#slots, this.#slotOf(atMs), ticket);
    return ticket;
  }

  /** The same without a ticket: the item stays until it is due. For ids, of which thousands come in a second. */
  addPlain(item: T, atMs: number): void {
    put(this.#plain, this.#slotOf(atMs), item);
  }

  /** Takes out all that is due at `nowMs`. */
  due(nowMs: number): readonly T[] {
    const last = Math.floor(nowMs / this.#slotMs);
    const items: T[] = [];
    for (; this.#nextSlot <= last; this.#nextSlot++) {
      for (const { item } of this.#slots.get(this.#nextSlot) ?? []) if (item !== undefined) items.push(item);
      this.#slots.delete(this.#nextSlot);
      for (const item of this.#plain.get(this.#nextSlot) ?? []) items.push(item);
      this.#plain.delete(this.#nextSlot);
    }
    return items;
  }

  #slotOf(atMs: number): number {
    return Math.max(Math.ceil(atMs / this.#slotMs), this.#nextSlot);
  }
}

function put<T>(slots: Map<number, T[]>, slot: number, item: T): void {
  const items = slots.get(slot);
  if (items === undefined) slots.set(slot, [item]);
  else items.push(item);
}

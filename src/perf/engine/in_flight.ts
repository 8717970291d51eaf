/**
 * Which messages wait for their answer, in arrays of fixed size: the slot of a message is its number modulo the size.
 * A slot that is needed again while its message still waits gives that message up as overdue.
 */
export type Answer = "first" | "duplicate" | "late" | "unknown";

const FREE = 0;
const WAITING = 1;
const DONE = 2;
const EXPIRED = 3;

/** Messages by number (0, 1, 2, ...), at most `slots` of them waiting. Nothing is allocated after construction. */
export class InFlight {
  readonly #mask: number;
  readonly #owner: Int32Array;
  readonly #sender: Int32Array;
  readonly #sentMs: Float64Array;
  readonly #state: Uint8Array;
  /** How many of each sender's messages wait. */
  readonly #waitingOf: Int32Array;
  #waiting = 0;
  /** All messages before this one are settled. */
  #oldest = 0;

  /** `minSlots`: how many messages may wait at once; rounded up to a power of two. Senders are 0 to `senders` - 1. */
  constructor(minSlots: number, senders = 1) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, minSlots)));
    this.#mask = slots - 1;
    this.#owner = new Int32Array(slots);
    this.#sender = new Int32Array(slots);
    this.#sentMs = new Float64Array(slots);
    this.#state = new Uint8Array(slots);
    this.#waitingOf = new Int32Array(senders);
  }

  /** Messages that wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Messages of `sender` that wait now. */
  waitingOf(sender: number): number {
    return this.#waitingOf[sender] ?? 0;
  }

  /** Message `index` of `sender` left at `nowMs`. Answers the message that lost its slot while waiting, else -1. */
  sent(index: number, nowMs: number, sender = 0): number {
    const slot = index & this.#mask;
    const overdue = this.#state[slot] === WAITING ? this.#ownerOf(slot) : -1;
    if (overdue >= 0) this.#settle(slot, EXPIRED);
    this.#owner[slot] = index;
    this.#sender[slot] = sender;
    this.#sentMs[slot] = nowMs;
    this.#state[slot] = WAITING;
    this.#waiting++;
    this.#waitingOf[sender] = this.waitingOf(sender) + 1;
    return overdue;
  }

  /** An answer to `index` came. `late`: the message was given up before; `unknown`: it was never sent. */
  answered(index: number): Answer {
    const slot = index & this.#mask;
    if (this.#state[slot] === FREE || this.#ownerOf(slot) < index) return "unknown";
    if (this.#ownerOf(slot) > index || this.#state[slot] === EXPIRED) return "late";
    if (this.#state[slot] === DONE) return "duplicate";
    this.#settle(slot, DONE);
    return "first";
  }

  /** When message `index` left, while its slot is still its own. */
  sentMs(index: number): number {
    return this.#sentMs[index & this.#mask] ?? 0;
  }

  /** Who sent message `index`, while its slot is still its own. */
  senderOf(index: number): number {
    return this.#sender[index & this.#mask] ?? 0;
  }

  /** Message `index` did not leave after all, or will not be waited for. Answers whether it waited. */
  forget(index: number): boolean {
    const slot = index & this.#mask;
    if (this.#state[slot] !== WAITING || this.#ownerOf(slot) !== index) return false;
    this.#settle(slot, EXPIRED);
    return true;
  }

  /** Numbers of all messages that wait, in no order. */
  unanswered(): readonly number[] {
    const waiting: number[] = [];
    for (let slot = 0; this.#waiting > 0 && slot <= this.#mask; slot++) {
      if (this.#state[slot] === WAITING) waiting.push(this.#ownerOf(slot));
    }
    return waiting;
  }

  /** Gives up all messages that left before `beforeMs` and answers their numbers; answers to them are late. */
  expire(beforeMs: number): readonly number[] {
    const expired: number[] = [];
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#state[slot] !== WAITING || (this.#sentMs[slot] ?? 0) >= beforeMs) continue;
      this.#settle(slot, EXPIRED);
      expired.push(this.#ownerOf(slot));
    }
    return expired;
  }

  /** Like {@linkcode expire} for messages that leave in the order of their numbers; looks at those alone that are due. */
  expireInOrder(beforeMs: number): readonly number[] {
    const expired: number[] = [];
    for (; this.#ownerOf(this.#oldest & this.#mask) >= this.#oldest; this.#oldest++) {
      const slot = this.#oldest & this.#mask;
      if (this.#state[slot] === FREE || (this.#sentMs[slot] ?? 0) >= beforeMs) break;
      if (this.forget(this.#oldest)) expired.push(this.#oldest);
    }
    return expired;
  }

  #settle(slot: number, state: typeof DONE | typeof EXPIRED): void {
    const sender = this.#sender[slot] ?? 0;
    this.#state[slot] = state;
    this.#waiting--;
    this.#waitingOf[sender] = this.waitingOf(sender) - 1;
  }

  #ownerOf(slot: number): number {
    return this.#owner[slot] ?? 0;
  }
}

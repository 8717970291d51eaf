/**
 * Pings for many connections from one timer: each connection has a place on a wheel that turns once per ping interval,
 * so pings are spread evenly and a connection costs no timer.
 */

/** Somebody who is pinged. */
export interface Pinged {
  /** Set by the wheel's owner when a ping was sent, cleared when the pong came. */
  isPongDue: boolean;
}

/** What one turn asks for. */
export interface Turn<T> {
  /** Ping these. */
  readonly ping: readonly T[];
  /** These have not answered in time. */
  readonly overdue: readonly T[];
}

/** Times in milliseconds. */
export interface PingWheelOptions {
  readonly intervalMs: number;
  readonly pongTimeoutMs: number;
  /** How often the owner turns the wheel. */
  readonly tickMs: number;
}

/** Spreads pings over time. */
export class PingWheel<T extends Pinged> {
  readonly #slots: readonly Set<T>[];
  readonly #timeoutTicks: number;
  readonly #tickMs: number;
  #tick: number;
  #joining = 0;
  #graceUntilTick = 0;

  constructor(options: PingWheelOptions, nowMs: number) {
    const count = Math.max(1, Math.round(options.intervalMs / options.tickMs));
    this.#slots = Array.from({ length: count }, () => new Set<T>());
    this.#timeoutTicks = Math.ceil(options.pongTimeoutMs / options.tickMs);
    this.#tickMs = options.tickMs;
    this.#tick = Math.floor(nowMs / options.tickMs);
  }

  /** Gives `item` a place; consecutive ones land on distant slots. Answers the place, which {@linkcode remove} wants. */
  add(item: T): number {
    const place = (this.#tick + this.#joining++) % this.#slots.length;
    this.#slots[place]?.add(item);
    return place;
  }

  remove(item: T, place: number): void {
    this.#slots[place]?.delete(item);
  }

  /**
   * Turns the wheel to `nowMs`. After a stall the slots in between are skipped and nobody is overdue for one pong
   * timeout: the pongs may lie unread on our own side.
   */
  turn(nowMs: number): Turn<T> {
    const target = Math.floor(nowMs / this.#tickMs);
    const stalledTicks = target - this.#tick;
    if (stalledTicks <= 0) return { ping: [], overdue: [] };
    if (stalledTicks * this.#tickMs > MAX_STALL_MS) this.#graceUntilTick = target + this.#timeoutTicks;
    const from = stalledTicks * this.#tickMs > MAX_STALL_MS ? target - 1 : this.#tick;
    this.#tick = target;
    return this.#collect(from, target);
  }

  #collect(from: number, to: number): Turn<T> {
    const ping: T[] = [];
    const overdue: T[] = [];
    for (let tick = from + 1; tick <= to; tick++) {
      for (const item of this.#slotAt(tick)) if (!item.isPongDue) ping.push(item);
      if (tick < this.#graceUntilTick) continue;
      for (const item of this.#slotAt(tick - this.#timeoutTicks)) if (item.isPongDue) overdue.push(item);
    }
    return { ping, overdue };
  }

  #slotAt(tick: number): Iterable<T> {
    const { length } = this.#slots;
    return this.#slots[((tick % length) + length) % length] ?? [];
  }
}

const MAX_STALL_MS = 1_000;

/** Whether an item may run beside others of its kind (`shared`) or only alone (`exclusive`). */
export type LaneMode = "shared" | "exclusive";

interface Waiting<T> {
  readonly item: T;
  readonly mode: LaneMode;
}

interface Lane<T> {
  running: number;
  isExclusive: boolean;
  readonly waiting: Waiting<T>[];
}

/**
 * Keeps what is asked of one name in order: shared items run side by side, an exclusive one waits until all before it
 * have left, and holds back all after it. Names without anything running cost nothing. The caller bounds how many
 * items it lets in.
 */
export class Lanes<T> {
  #lanes: Map<string, Lane<T>> | undefined;

  /** True when `item` may start now; otherwise a later {@linkcode leave} hands it out. */
  enter(name: string, mode: LaneMode, item: T): boolean {
    const lane = this.#laneOf(name);
    if (lane.waiting.length > 0 || !isFree(lane, mode)) {
      lane.waiting.push({ item, mode });
      return false;
    }
    occupy(lane, mode);
    return true;
  }

  /** One item of `name` has ended: answers those that may start now, in order. */
  leave(name: string): readonly T[] {
    const lane = this.#lanes?.get(name);
    if (lane === undefined) throw new RangeError(`Cannot leave lane "${name}": nothing runs in it`);
    lane.running--;
    lane.isExclusive = false;
    const next = takeRunnable(lane);
    if (lane.running === 0) this.#lanes?.delete(name);
    return next;
  }

  #laneOf(name: string): Lane<T> {
    this.#lanes ??= new Map();
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane: Lane<T> = { running: 0, isExclusive: false, waiting: [] };
    this.#lanes.set(name, lane);
    return lane;
  }
}

function isFree<T>(lane: Lane<T>, mode: LaneMode): boolean {
  return lane.running === 0 || (mode === "shared" && !lane.isExclusive);
}

function occupy<T>(lane: Lane<T>, mode: LaneMode): void {
  lane.running++;
  lane.isExclusive = mode === "exclusive";
}

function takeRunnable<T>(lane: Lane<T>): readonly T[] {
  const items: T[] = [];
  for (
    let first = lane.waiting[0];
    first !== undefined && isFree(lane, first.mode);
    first = lane.waiting[0]
  ) {
    lane.waiting.shift();
    occupy(lane, first.mode);
    items.push(first.item);
  }
  return items;
}

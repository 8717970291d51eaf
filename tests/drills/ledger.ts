/**
 * The account of a drill: what publishers sent, by number, against what each subscriber got. Exact and pure; a drill is
 * short, so everything is kept.
 *
 * A publish whose answer never came, or was an error, is `unacknowledged`: it may arrive once or not at all. Lost,
 * duplicate and reordered count acknowledged publications only.
 */

/** What one subscriber, or many together, got of what was sent. */
export interface Account {
  /** Deliveries that acknowledged publications owed. */
  readonly expected: number;
  readonly received: number;
  /** Owed, did not come, and nobody said so. */
  readonly lost: number;
  /** Owed, did not come, and the subscriber was told by `recovered: false`. */
  readonly told: number;
  readonly duplicate: number;
  /** Came after one with a higher number. */
  readonly reordered: number;
  /** Came more than {@linkcode LATE_MS} after it was sent. */
  readonly late: number;
  /** Deliveries of publications whose publish was not acknowledged. */
  readonly unacknowledged: number;
  /** Such publications that one subscriber got more than once. */
  readonly unacknowledgedTwice: number;
}

/** A delivery that takes longer is late, in milliseconds. */
export const LATE_MS = 1_000;

/** An account of nothing. */
export const emptyAccount: Account = {
  expected: 0,
  received: 0,
  lost: 0,
  told: 0,
  duplicate: 0,
  reordered: 0,
  late: 0,
  unacknowledged: 0,
  unacknowledgedTwice: 0,
};

/** Sums of several accounts. */
export function addAccounts(accounts: Iterable<Account>): Account {
  const sum: Record<keyof Account, number> = { ...emptyAccount };
  for (const account of accounts) {
    for (const key of accountKeys) sum[key] += account[key];
  }
  return sum;
}

const accountKeys = Object.keys(emptyAccount).filter((key): key is keyof Account => key in emptyAccount);

/** One publisher's numbered publications to one channel. */
export class Sent {
  readonly #isAcknowledged: boolean[] = [];

  /** How many were sent. */
  get count(): number {
    return this.#isAcknowledged.length;
  }

  /** How many were acknowledged. */
  get acknowledgedCount(): number {
    return this.#isAcknowledged.filter(Boolean).length;
  }

  /** Takes the next number. */
  next(): number {
    return this.#isAcknowledged.push(false) - 1;
  }

  /** The publish with this number was answered well. */
  acknowledge(sequence: number): void {
    this.#isAcknowledged[sequence] = true;
  }

  isAcknowledged(sequence: number): boolean {
    return this.#isAcknowledged[sequence] === true;
  }
}

/** What one subscriber gets of one {@linkcode Sent}. Create it before the first number is taken. */
export class Received {
  readonly #sent: Sent;
  readonly #times: number[] = [];
  readonly #reordered = new Set<number>();
  readonly #late = new Set<number>();
  #highest = -1;
  /** All numbers below it that had not come were told missing. */
  #toldUpTo = 0;

  constructor(sent: Sent) {
    this.#sent = sent;
  }

  /** Publication `sequence` came, so long after it was sent. */
  receive(sequence: number, afterMs: number): void {
    const times = this.#times[sequence] ?? 0;
    this.#times[sequence] = times + 1;
    if (times > 0) return;
    if (sequence < this.#highest) this.#reordered.add(sequence);
    if (afterMs > LATE_MS) this.#late.add(sequence);
    this.#highest = Math.max(this.#highest, sequence);
  }

  /** The subscriber was told that what was sent before may be missing. */
  tell(): void {
    this.#toldUpTo = this.#sent.count;
  }

  /** How many acknowledged publications have not come and were not told missing. */
  get missing(): number {
    return this.account().lost;
  }

  account(): Account {
    const sum: Record<keyof Account, number> = { ...emptyAccount };
    for (let sequence = 0; sequence < this.#sent.count; sequence++) this.#addTo(sum, sequence);
    return sum;
  }

  #addTo(sum: Record<keyof Account, number>, sequence: number): void {
    const times = this.#times[sequence] ?? 0;
    if (!this.#sent.isAcknowledged(sequence)) {
      sum.unacknowledged += times;
      if (times > 1) sum.unacknowledgedTwice++;
      return;
    }
    sum.expected++;
    if (times > 0) sum.received++;
    else if (sequence < this.#toldUpTo) sum.told++;
    else sum.lost++;
    sum.duplicate += Math.max(0, times - 1);
    if (this.#reordered.has(sequence)) sum.reordered++;
    if (this.#late.has(sequence)) sum.late++;
  }
}

/** Who was said to have left, and how often, as one subscriber heard it. */
export class Leaves {
  readonly #times = new Map<string, number>();

  hear(client: string): void {
    this.#times.set(client, (this.#times.get(client) ?? 0) + 1);
  }

  /** How often `client` was said to have left. */
  of(client: string): number {
    return this.#times.get(client) ?? 0;
  }
}

/** The value below which `share` (0 to 1) of the values lie, by the nearest rank; 0 without values. */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

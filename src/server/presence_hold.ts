/**
 * Members whose subscription was ended with "subscribe again": they stay present for a moment, because to the others of
 * the channel nobody has left. Pure; `presence_book.ts` acts.
 */

/** How long a client may take to subscribe again, in milliseconds; an SDK takes well under a second. */
export const HOLD_MS = 5_000;

/** One membership that is held. */
export interface HeldMember {
  readonly client: string;
  readonly key: string;
}

/** The held memberships of one node. */
export class PresenceHold {
  /** Client, then channel key, then until when (monotonic, milliseconds). */
  readonly #until = new Map<string, Map<string, number>>();

  /** Holds a membership from `nowMs` on. */
  hold({ client, key }: HeldMember, nowMs: number): void {
    const keys = this.#until.get(client) ?? new Map<string, number>();
    keys.set(key, nowMs + HOLD_MS);
    this.#until.set(client, keys);
  }

  /** Ends a hold because its client is back; false when there was none. */
  claim({ client, key }: HeldMember): boolean {
    const keys = this.#until.get(client);
    if (keys === undefined || !keys.delete(key)) return false;
    if (keys.size === 0) this.#until.delete(client);
    return true;
  }

  /** Ends all holds of a client, which is gone; answers its channel keys. */
  release(client: string): readonly string[] {
    const keys = [...this.#until.get(client)?.keys() ?? []];
    this.#until.delete(client);
    return keys;
  }

  /** Ends the holds that have lasted long enough. */
  expire(nowMs: number): readonly HeldMember[] {
    const expired: HeldMember[] = [];
    for (const [client, keys] of this.#until) {
      for (const [key, untilMs] of keys) if (untilMs <= nowMs) expired.push({ client, key });
    }
    for (const held of expired) this.claim(held);
    return expired;
  }
}

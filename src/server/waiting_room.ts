import type { Subscription } from "./subscription.ts";

/**
 * Subscriptions whose publications wait for room in their connection. No transport tells when there is room, so whoever
 * waits is looked at with every tick of the node.
 */
export class WaitingRoom {
  readonly #waiting = new Set<Subscription>();

  get size(): number {
    return this.#waiting.size;
  }

  add(subscription: Subscription): void {
    this.#waiting.add(subscription);
  }

  /** Sends what there is room for now. */
  tick(): void {
    for (const subscription of this.#waiting) if (subscription.drain()) this.#waiting.delete(subscription);
  }
}

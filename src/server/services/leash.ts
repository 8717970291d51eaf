/** Ends what somebody has under way, all together, when they go. Cheaper than an `AbortSignal` for each call. */
export class Leash {
  readonly #cancels = new Set<() => void>();
  #isPulled = false;

  /** True once they have gone. */
  get isPulled(): boolean {
    return this.#isPulled;
  }

  /** Something began. `cancel` is called at most once, at once when they have gone, and must not throw. */
  add(cancel: () => void): void {
    if (this.#isPulled) return cancel();
    this.#cancels.add(cancel);
  }

  /** It has ended by itself. */
  delete(cancel: () => void): void {
    this.#cancels.delete(cancel);
  }

  /** They have gone. */
  pull(): void {
    this.#isPulled = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}

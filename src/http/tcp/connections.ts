/** How long a connection that has asked nothing yet is waited for, milliseconds: its request may be on the way. */
const FIRST_REQUEST_MS = 100;

/** A connection, as far as its transport ends it. */
export interface Endable {
  /** Ends behind the answer that is under way or to come: now when it waits for a further request. */
  endSoon(): void;
  /** Ends now when it waits for its first request. */
  endUnasked(): void;
  destroy(): void;
}

/** The connections of one transport that speak HTTP: a listener may be lost before they are. */
export class Connections {
  readonly #open = new Set<Endable>();
  readonly #empty = Promise.withResolvers<void>();
  #isClosing = false;

  add(connection: Endable): void {
    this.#open.add(connection);
    // Accepted in the moment of the close: nobody would end it any more.
    if (this.#isClosing) connection.endSoon();
  }

  remove(connection: Endable): void {
    this.#open.delete(connection);
    this.#resolveIfEmpty();
  }

  /**
   * Ends idle ones at once, those within a request when they are done, and new ones when they have asked and are
   * answered or ask nothing for a moment; what is left after `graceMs` is cut. May be called again meanwhile: each call
   * resolves when the last connection has left.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    for (const connection of this.#open) connection.endSoon();
    this.#resolveIfEmpty();
    const timers = [
      setTimeout(() => this.#endUnasked(), Math.min(FIRST_REQUEST_MS, graceMs)),
      setTimeout(() => this.#destroyAll(), graceMs),
    ];
    await this.#empty.promise.finally(() => timers.forEach(clearTimeout));
  }

  #resolveIfEmpty(): void {
    if (this.#isClosing && this.#open.size === 0) this.#empty.resolve();
  }

  #endUnasked(): void {
    for (const connection of this.#open) connection.endUnasked();
  }

  #destroyAll(): void {
    for (const connection of this.#open) connection.destroy();
  }
}

/** A connection, as far as its listener ends it. */
export interface Endable {
  /** Ends now what waits for a request, else behind the answer that is under way. */
  endSoon(): void;
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
   * Ends idle ones at once and those within a request when they are done, or after `graceMs`. May be called again
   * meanwhile: each call resolves when the last connection has left.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    for (const connection of this.#open) connection.endSoon();
    this.#resolveIfEmpty();
    const timer = setTimeout(() => this.#destroyAll(), graceMs);
    await this.#empty.promise.finally(() => clearTimeout(timer));
  }

  #resolveIfEmpty(): void {
    if (this.#isClosing && this.#open.size === 0) this.#empty.resolve();
  }

  #destroyAll(): void {
    for (const connection of this.#open) connection.destroy();
  }
}

import type { HttpConnection } from "./http_connection.ts";

/** The connections of one listener that speak HTTP. */
export class Connections {
  readonly #open = new Set<HttpConnection>();
  #onEmpty: (() => void) | undefined;

  add(connection: HttpConnection): void {
    this.#open.add(connection);
  }

  remove(connection: HttpConnection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  /** Ends idle ones at once and those within a request when they are done, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    for (const connection of this.#open) connection.endSoon();
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const timer = setTimeout(() => this.#destroyAll(), graceMs);
    await promise.finally(() => clearTimeout(timer));
  }

  #destroyAll(): void {
    for (const connection of this.#open) connection.destroy();
  }
}

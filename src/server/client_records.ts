/** Tells the registry who is connected here: in batches, never per message, and never under an id that may be dead. */
import type { ClientRecord, Registry } from "../backend/backend.ts";
import type { Logger } from "../core/log.ts";

/** Records in one write to the registry. */
const BATCH = 1_000;

/** The registry's records of one node generation. Call {@linkcode flush} now and then; calls do not overlap. */
export class ClientRecords {
  readonly #registry: Pick<Registry, "putClients" | "dropClients">;
  readonly #log: Logger;
  readonly #puts = new Map<string, ClientRecord>();
  readonly #drops = new Set<string>();
  /** Records whose writing is under way: one that is dropped meanwhile may be there all the same. */
  readonly #writing = new Set<string>();
  #isFlushing = false;

  constructor(registry: Pick<Registry, "putClients" | "dropClients">, log: Logger) {
    this.#registry = registry;
    this.#log = log;
  }

  /** Changes that have not been written. */
  get pending(): number {
    return this.#puts.size + this.#drops.size + (this.#isFlushing ? 1 : 0);
  }

  put(record: ClientRecord): void {
    this.#puts.set(record.client, record);
  }

  /** A record that was never written is just forgotten. */
  drop(client: string): void {
    if (!this.#puts.delete(client) || this.#writing.has(client)) this.#drops.add(client);
  }

  /** Writes what has changed. What fails stays for the next time. */
  async flush(): Promise<void> {
    if (this.#isFlushing || this.pending === 0) return;
    this.#isFlushing = true;
    try {
      while (this.#puts.size > 0) await this.#putBatch();
      while (this.#drops.size > 0) await this.#dropBatch();
    } catch (error) {
      this.#log.debug("Client records wait for the backend", { pending: this.pending, error });
    } finally {
      this.#isFlushing = false;
    }
  }

  async #putBatch(): Promise<void> {
    const batch = [...this.#puts.values()].slice(0, BATCH);
    for (const { client } of batch) this.#writing.add(client);
    try {
      await this.#registry.putClients(batch);
    } finally {
      this.#writing.clear();
    }
    for (const record of batch) {
      if (this.#puts.get(record.client) === record) this.#puts.delete(record.client);
    }
  }

  async #dropBatch(): Promise<void> {
    const batch = [...this.#drops].slice(0, BATCH);
    await this.#registry.dropClients(batch);
    for (const client of batch) this.#drops.delete(client);
  }
}

import type { Client } from "./context.ts";

/** The accepted clients of one node, by id. */
export class Connections {
  readonly #byClient = new Map<string, Client>();
  #lastOrdinal = 0;

  get size(): number {
    return this.#byClient.size;
  }

  add(connection: Client): void {
    if (connection.client === undefined) return;
    connection.ordinal = ++this.#lastOrdinal;
    this.#byClient.set(connection.client, connection);
  }

  remove(connection: Client): void {
    if (connection.client !== undefined) this.#byClient.delete(connection.client);
  }

  get(client: string): Client | undefined {
    return this.#byClient.get(client);
  }

  /** In the order of their ordinals. */
  all(): IterableIterator<Client> {
    return this.#byClient.values();
  }
}

import type { Connection } from "./connection.ts";

/** The accepted clients of one node, by id. */
export class Connections {
  readonly #byClient = new Map<string, Connection>();

  get size(): number {
    return this.#byClient.size;
  }

  add(connection: Connection): void {
    if (connection.client !== undefined) this.#byClient.set(connection.client, connection);
  }

  remove(connection: Connection): void {
    if (connection.client !== undefined) this.#byClient.delete(connection.client);
  }

  get(client: string): Connection | undefined {
    return this.#byClient.get(client);
  }

  all(): IterableIterator<Connection> {
    return this.#byClient.values();
  }
}

/** The connections that send, in turn: message k leaves the k-th of them, round and round. */
import type { Client } from "./client.ts";
import type { ConnectionPool } from "./connection_pool.ts";

/** Senders have positions from 0 in the order of their connections; both ways are asked for each message. */
export class Senders {
  readonly #pool: ConnectionPool;
  readonly #connections: readonly number[];
  readonly #positions: Int32Array;

  /** Those of the first `limit` connections of `pool` that stand now. */
  constructor(pool: ConnectionPool, limit: number) {
    this.#pool = pool;
    this.#connections = pool.standing(limit);
    this.#positions = new Int32Array(limit);
    this.#connections.forEach((connection, position) => this.#positions[connection] = position);
  }

  get count(): number {
    return this.#connections.length;
  }

  /** The connection whose turn message `index` is; undefined when there is none at all. */
  connectionOf(index: number): number | undefined {
    return this.#connections[index % Math.max(1, this.#connections.length)];
  }

  /** The position of `connection`; 0 for one that does not send. */
  positionOf(connection: number): number {
    return this.#positions[connection] ?? 0;
  }

  /** The client at `position`, or while it is away on purpose the next one that is there. */
  clientAt(position: number): Client | undefined {
    for (let step = 0; step < this.#connections.length; step++) {
      const connection = this.#connections[(position + step) % this.#connections.length] ?? 0;
      if (!this.#pool.isResting(connection)) return this.#pool.at(connection);
    }
    return undefined;
  }
}

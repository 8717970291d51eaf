/** Closes and reopens a share of the connections each second, in turn, spread over the second. */
import type { Scenario } from "../scenario/scenario.ts";
import type { ConnectionPool } from "./connection_pool.ts";

const TICK_MS = 100;

/** Churns from `start` to `stop`. */
export class Churn implements Disposable {
  readonly #perTick: number;
  readonly #connections: number;
  readonly #pool: ConnectionPool;
  #timer: ReturnType<typeof setInterval> | undefined;
  #owed = 0;
  #next = 0;

  constructor(scenario: Scenario, pool: ConnectionPool) {
    this.#connections = scenario.connections;
    this.#perTick = scenario.churnPerSec * scenario.connections * TICK_MS / 1_000;
    this.#pool = pool;
  }

  start(): void {
    if (this.#perTick > 0) this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #tick(): void {
    this.#owed += this.#perTick;
    for (; this.#owed >= 1; this.#owed--) void this.#pool.churn(this.#next++ % this.#connections);
  }
}

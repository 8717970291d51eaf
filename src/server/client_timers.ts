import { Deadlines } from "../core/deadlines.ts";
import { PingWheel } from "../core/ping_wheel.ts";
import type { Client } from "./context.ts";
import type { NodeSettings } from "./options.ts";
import { TICK_MS } from "./tick.ts";

/** What the clock asks of clients: a sign of life now and then, and what their deadlines are about. */
export class ClientTimers {
  /** Clients to look at when a time comes. */
  readonly deadlines: Deadlines<Client>;
  readonly #wheel: PingWheel<Client>;
  readonly #places = new Map<Client, number>();

  /** `nowMs`: the monotonic clock now. */
  constructor(settings: Pick<NodeSettings, "pingIntervalMs" | "pongTimeoutMs">, nowMs: number) {
    const { pingIntervalMs, pongTimeoutMs } = settings;
    this.deadlines = new Deadlines(TICK_MS, nowMs);
    this.#wheel = new PingWheel({ intervalMs: pingIntervalMs, pongTimeoutMs, tickMs: TICK_MS }, nowMs);
  }

  /** Pings the client from here on. */
  add(client: Client): void {
    this.#places.set(client, this.#wheel.add(client));
  }

  /** Pings it no longer; does nothing for one that was not added. */
  remove(client: Client): void {
    const place = this.#places.get(client);
    if (place === undefined) return;
    this.#places.delete(client);
    this.#wheel.remove(client, place);
  }

  /** Closes who owes a pong too long, pings who is due, and has deadlines checked that have passed. */
  tick(nowMs: number): void {
    const { ping, overdue } = this.#wheel.turn(nowMs);
    for (const client of overdue) client.close("noPong");
    for (const client of ping) client.ping();
    for (const client of this.deadlines.due(nowMs)) client.checkDeadlines();
  }
}

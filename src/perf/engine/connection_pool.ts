/** The connections of one process: opened by a ramp, spread over the instances by turns, replaced when lost or churned. */
import type { Clock } from "../../core/clock.ts";
import { BucketCounts } from "../truth/bucket_counts.ts";
import { type Histogram, newHistogram, recordMs } from "../truth/histogram.ts";
import type { Client } from "./client.ts";
import { ConnectError } from "./connect_error.ts";
import type { VirtualClient } from "./virtual_client.ts";
import type { ChurnResult, OutageRow } from "./load_result.ts";
import { Outages } from "./outages.ts";
import { Ramp, type RampOptions, type RampOutcome } from "./ramp.ts";

/** What a {@linkcode ConnectionPool} needs. */
export interface PoolOptions extends Omit<RampOptions, "onOpen"> {
  readonly clock: Clock;
  readonly instances: readonly string[];
  /** Start of the run. */
  readonly beganMs: number;
  /** Whether a connection that the server ended is opened anew. */
  readonly reconnects: boolean;
  readonly onOpen: (client: Client) => void;
  /** Whether nothing that was sent on a connection waits for its answer; {@linkcode ConnectionPool.quiet} tells changes. */
  readonly isQuiet: (connection: number) => boolean;
}

/** A lost connection tries again after this, twice as long each time up to the second value, milliseconds. */
const RECONNECT_AFTER_MS = 100;
const RECONNECT_AFTER_MAX_MS = 2_000;
/** A connection is churned this long after its last send at the latest, answered or not, milliseconds. */
const QUIET_WITHIN_MS = 10_000;

/** Holds the connections. */
export class ConnectionPool {
  readonly ramp: Ramp;
  /** From ready to the first answer or delivery. */
  readonly firstMessage: Histogram = newHistogram();
  /** How long connections lived that have ended, for live metrics. */
  readonly lifetimes: BucketCounts = new BucketCounts();
  readonly #options: PoolOptions;
  readonly #clients: (Client | undefined)[];
  readonly #readyMs: Float64Array;
  readonly #openedMs: Float64Array;
  readonly #outages = new Outages();
  readonly #bytes: { sent: number; received: number }[];
  readonly #resting = new Set<number>();
  /** Connections that rest and still wait for answers, with what goes on when they have come. */
  readonly #quietening = new Map<number, () => void>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #churn = { closed: 0, reopened: 0, failed: 0 };
  #reconnectAttempts = 0;
  #isClosing = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#clients = new Array<Client | undefined>(options.connections).fill(undefined);
    this.#readyMs = new Float64Array(options.connections);
    this.#openedMs = new Float64Array(options.connections);
    this.#bytes = options.instances.map(() => ({ sent: 0, received: 0 }));
    this.ramp = new Ramp({ ...options, onOpen: (client) => this.#onOpen(client) });
  }

  /** Opens all. */
  async open(): Promise<RampOutcome> {
    return await this.ramp.run();
  }

  /** The client of `connection`; undefined when it never stood. */
  at(connection: number): Client | undefined {
    return this.#clients[connection];
  }

  /** Numbers of the connections below `limit` that stand. */
  standing(limit: number): readonly number[] {
    return this.#clients.slice(0, limit).flatMap((client, at) => client === undefined ? [] : [at]);
  }

  /** Whether `connection` is away on purpose. */
  isResting(connection: number): boolean {
    return this.#resting.has(connection);
  }

  /** Something came on `client`; the first time counts. */
  heard(client: VirtualClient, nowMs: number): void {
    const readyMs = this.#readyMs[client.index] ?? 0;
    if (readyMs === 0) return;
    this.#readyMs[client.index] = 0;
    recordMs(this.firstMessage, nowMs - readyMs);
  }

  /** The server ended `client`. */
  lost(client: VirtualClient): void {
    this.#ended(client);
    this.#outages.lost(client.target, this.#sinceBeganMs());
    if (this.#options.reconnects && !this.#isClosing) this.#tryAgain(client.index, RECONNECT_AFTER_MS);
  }

  /** Nothing that was sent on `connection` waits for an answer any more. */
  quiet(connection: number): void {
    if (this.#quietening.size > 0) this.#quietening.get(connection)?.();
  }

  /** Closes connection `connection` and opens it anew. Closed with answers under way, it would look as if they were lost. */
  async churn(connection: number): Promise<void> {
    const client = this.#clients[connection];
    if (client === undefined || !client.isReady || this.#resting.has(connection)) return;
    this.#resting.add(connection);
    if (!this.#options.isQuiet(connection)) await this.#untilQuiet(connection);
    if (!client.isReady || this.#isClosing) return void this.#resting.delete(connection);
    this.#churn.closed++;
    client.close();
    this.#ended(client);
    const outcome = await this.ramp.connect(connection);
    this.#resting.delete(connection);
    if (outcome instanceof ConnectError) {
      this.#churn.failed++;
      this.#options.onFailed(connection, outcome.errorClass, outcome.message);
    } else if (this.#isClosing) outcome.cut();
    else {
      this.#churn.reopened++;
      this.#clients[connection] = outcome;
      this.#openedMs[connection] = this.#options.clock.monotonicMs();
    }
  }

  churned(): ChurnResult {
    return { ...this.#churn };
  }

  outages(): readonly OutageRow[] {
    return this.#outages.rows(this.#options.instances);
  }

  /** Lost connections of instance `target` that were opened anew. */
  reconnectsOf(target: number): number {
    return this.#outages.reconnectsOf(target);
  }

  /** Attempts to connect again: lost connections, and those whose first attempt failed. */
  get reconnectAttempts(): number {
    return this.#reconnectAttempts + this.ramp.retries;
  }

  /** Bytes that wait in all sockets. */
  get waitingBytes(): number {
    return this.#clients.reduce((sum, client) => sum + (client?.waitingBytes ?? 0), 0);
  }

  /** Bytes on the wire so far, of instance `target`. */
  bytesOf(target: number): { readonly sent: number; readonly received: number } {
    const total = { ...(this.#bytes[target] ?? { sent: 0, received: 0 }) };
    for (const client of this.#clients) {
      if (client === undefined || client.target !== target || !client.isReady) continue;
      total.sent += client.bytesOut;
      total.received += client.bytesIn;
    }
    return total;
  }

  /** Closes all and waits, at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const goOn of this.#quietening.values()) goOn();
    const clients = this.#clients.filter((client) => client !== undefined);
    for (const client of clients) client.close();
    await Promise.all(clients.map((client) => client.closed(timeoutMs)));
  }

  #onOpen(client: Client): void {
    this.#clients[client.index] = client;
    const nowMs = this.#options.clock.monotonicMs();
    this.#readyMs[client.index] = nowMs;
    this.#openedMs[client.index] = nowMs;
    this.#options.onOpen(client);
  }

  async #untilQuiet(connection: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, QUIET_WITHIN_MS);
    this.#timers.add(timer);
    this.#quietening.set(connection, resolve);
    await promise;
    this.#quietening.delete(connection);
    this.#timers.delete(timer);
    clearTimeout(timer);
  }

  #tryAgain(connection: number, afterMs: number): void {
    // A little disorder, so that the clients of a dead instance do not come back all at once.
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#reconnect(connection, afterMs);
    }, afterMs * (0.5 + (connection % 16) / 16));
    this.#timers.add(timer);
  }

  async #reconnect(connection: number, afterMs: number): Promise<void> {
    this.#reconnectAttempts++;
    const outcome = await this.ramp.connect(connection);
    if (this.#isClosing) {
      if (!(outcome instanceof ConnectError)) outcome.cut();
      return;
    }
    if (outcome instanceof ConnectError) {
      return this.#tryAgain(connection, Math.min(RECONNECT_AFTER_MAX_MS, afterMs * 2));
    }
    this.#outages.back(outcome.target, this.#sinceBeganMs());
    this.#clients[connection] = outcome;
    this.#openedMs[connection] = this.#options.clock.monotonicMs();
  }

  #ended(client: VirtualClient): void {
    const bytes = this.#bytes[client.target];
    if (bytes === undefined) return;
    bytes.sent += client.bytesOut;
    bytes.received += client.bytesIn;
    const openedMs = this.#openedMs[client.index] ?? 0;
    this.lifetimes.recordMs(this.#options.clock.monotonicMs() - openedMs);
  }

  #sinceBeganMs(): number {
    return this.#options.clock.monotonicMs() - this.#options.beganMs;
  }
}

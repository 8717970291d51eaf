/**
 * Opens connections by batches: one every interval, a bounded number of them unfinished, a timeout and a retry budget
 * for each connection, and a pause whenever memory gets short. A burst would measure the accept queue.
 */
import type { Clock } from "../../core/clock.ts";
import type { RampPlan } from "../scenario/scenario.ts";
import { BucketCounts } from "../truth/bucket_counts.ts";
import type { ErrorClass } from "../truth/error_classes.ts";
import { type Histogram, newHistogram, recordMs } from "../truth/histogram.ts";
import type { Client, ConnectTimes } from "./client.ts";
import { ConnectError } from "./connect_error.ts";
import { sleep } from "./deadline_wait.ts";
import type { Governor } from "./governor.ts";
import type { RampRow } from "./load_result.ts";

/** What a {@linkcode Ramp} needs. */
export interface RampOptions {
  readonly plan: RampPlan;
  readonly connections: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly governor: Governor;
  /** A fresh client for connection `connection`. */
  readonly newClient: (connection: number) => Client;
  /** Connection stands. */
  readonly onOpen: (client: Client) => void;
  /** Connection failed for good, after all its attempts. */
  readonly onFailed: (connection: number, errorClass: ErrorClass, text: string) => void;
}

/** What came of it: asked = open + failed + never tried. */
export interface RampOutcome {
  readonly open: number;
  readonly failed: number;
  readonly neverTried: number;
  readonly retries: number;
  readonly tookMs: number;
  readonly rows: readonly RampRow[];
}

const RETRY_AFTER_MS = 250;
/** When this many failed and none stands, there is nobody: the rest is not tried. */
const HOPELESS_AFTER = 256;
/** How long a batch waits at most for room or memory before it looks again. */
const LOOK_AGAIN_MS = 100;

/** The opening of all connections of one process. Run it once. */
export class Ramp {
  readonly tcp: Histogram = newHistogram();
  readonly upgrade: Histogram = newHistogram();
  readonly ready: Histogram = newHistogram();
  /** The phases again, by target and in coarse buckets, for live metrics. */
  readonly buckets: {
    readonly tcp: BucketCounts;
    readonly upgrade: BucketCounts;
    readonly ready: BucketCounts;
  }[] = [];
  readonly #options: RampOptions;
  readonly #rows: RampRow[] = [];
  #beganMs = 0;
  #tried = 0;
  #open = 0;
  #failed = 0;
  #retries = 0;
  #activeBatches = 0;
  #onBatchDone: (() => void) | undefined;

  constructor(options: RampOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open;
  }

  get failed(): number {
    return this.#failed;
  }

  get retries(): number {
    return this.#retries;
  }

  /** Opens them all; rejects only for faults of the program. */
  async run(): Promise<RampOutcome> {
    const { clock, connections } = this.#options;
    this.#beganMs = clock.monotonicMs();
    const ticks = setInterval(() => this.#noteRow(), 1_000);
    try {
      await this.#openAll();
    } finally {
      clearInterval(ticks);
    }
    this.#noteRow();
    return {
      open: this.#open,
      failed: this.#failed,
      neverTried: connections - this.#tried,
      retries: this.#retries,
      tookMs: clock.monotonicMs() - this.#beganMs,
      rows: this.#rows,
    };
  }

  /** One connection with its attempts; also for one that is opened anew. Answers its client, or what went wrong. */
  async connect(connection: number): Promise<Client | ConnectError> {
    const { plan, signal } = this.#options;
    for (let attempt = 0;; attempt++) {
      const client = this.#options.newClient(connection);
      try {
        this.#noteTimes(await client.connect(plan.connectTimeoutMs), client.target);
        return client;
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        if (attempt >= plan.retries || signal.aborted || isFinal(error.errorClass)) return error;
      }
      this.#retries++;
      await sleep(RETRY_AFTER_MS * 2 ** attempt, signal);
    }
  }

  async #openAll(): Promise<void> {
    const { plan, connections, signal, clock } = this.#options;
    const batches: Promise<void>[] = [];
    for (let first = 0, nth = 0; first < connections; first += plan.batch, nth++) {
      await sleep(this.#beganMs + nth * plan.intervalMs - clock.monotonicMs(), signal);
      await this.#untilRoom();
      if (signal.aborted || this.#isHopeless) break;
      batches.push(this.#openBatch(first, Math.min(connections, first + plan.batch)));
    }
    await Promise.all(batches);
  }

  get #isHopeless(): boolean {
    return this.#open === 0 && this.#failed >= HOPELESS_AFTER;
  }

  async #untilRoom(): Promise<void> {
    const { plan, signal, governor } = this.#options;
    while (!signal.aborted) {
      const isFull = this.#activeBatches >= plan.maxActiveBatches;
      if (!isFull && governor.mayConnect()) return;
      await this.#batchDone();
    }
  }

  async #batchDone(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onBatchDone = resolve;
    const timer = setTimeout(resolve, LOOK_AGAIN_MS);
    await promise;
    clearTimeout(timer);
  }

  async #openBatch(from: number, to: number): Promise<void> {
    this.#activeBatches++;
    await Promise.all(Array.from({ length: to - from }, (_, at) => this.#openOne(from + at)));
    this.#activeBatches--;
    this.#onBatchDone?.();
  }

  async #openOne(connection: number): Promise<void> {
    this.#tried++;
    const outcome = await this.connect(connection);
    if (outcome instanceof ConnectError) {
      this.#failed++;
      return this.#options.onFailed(connection, outcome.errorClass, outcome.message);
    }
    this.#open++;
    this.#options.onOpen(outcome);
  }

  #noteTimes(times: ConnectTimes, target: number): void {
    recordMs(this.tcp, times.tcpMs);
    recordMs(this.upgrade, times.upgradeMs);
    recordMs(this.ready, times.readyMs);
    const buckets = this.buckets[target] ??= newBuckets();
    buckets.tcp.recordMs(times.tcpMs);
    buckets.upgrade.recordMs(times.upgradeMs);
    buckets.ready.recordMs(times.readyMs);
  }

  #noteRow(): void {
    const { plan, connections, clock } = this.#options;
    const sinceMs = clock.monotonicMs() - this.#beganMs;
    const batches = Math.floor(sinceMs / plan.intervalMs) + 1;
    const asked = Math.min(connections, batches * plan.batch);
    this.#rows.push({ second: Math.floor(sinceMs / 1_000), asked, open: this.#open, failed: this.#failed });
  }
}

function newBuckets() {
  return { tcp: new BucketCounts(), upgrade: new BucketCounts(), ready: new BucketCounts() };
}

/** A server that says no says no again. */
function isFinal(errorClass: ErrorClass): boolean {
  return errorClass === "upgrade_status_4xx" || errorClass === "upgrade_invalid" ||
    errorClass === "fd_limit" ||
    errorClass === "port_limit" || errorClass === "tls" || errorClass === "dns";
}

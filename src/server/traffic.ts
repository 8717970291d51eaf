import { closeTable, errorTable } from "../core/errors.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { Buckets } from "../core/buckets.ts";
import type { Labelled } from "../metrics/mod.ts";
import { type LimitName, limitNames } from "./limits/mod.ts";
import { CommandTimer } from "./command_timer.ts";
import { ServiceCounts } from "./service_counts.ts";

/** An application may answer with codes of its own; of so many different ones each is counted apart. */
const MAX_CODES = 64;
/** Ends that nobody has to look into: the client left, or was sent elsewhere or away on purpose. */
const IN_GOOD_ORDER: ReadonlySet<number | string> = new Set([1000, 1001, 1005, 3000, 3001, 3503]);
/** A peer may close with any of 65,536 codes; those with a meaning here have a count of their own. */
const KNOWN_CLOSES: ReadonlySet<number> = new Set([
  ...Array.from({ length: 16 }, (_, at) => 1000 + at),
  ...codesOf(closeTable),
]);

/** Plain counters of one node's traffic: cheap to add to on the hot path, read by statistics and metrics. */
export class Traffic {
  /** Messages that clients sent (commands, app messages). */
  messagesIn = 0;
  /** Lines that were sent to clients (replies, pushes, app messages). */
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Frames that were sent; `messagesOut / framesOut` is the coalescing ratio. */
  framesOut = 0;
  /** Publications that clients of this node made and the backend took. */
  publications = 0;
  connectionsOpened = 0;
  /** Clients that were turned away because the node was full. */
  connectionsRefused = 0;
  /** Dead nodes that this node cleaned up after. */
  reaps = 0;
  /** How often this node began to drain. */
  drains = 0;
  /** How often the cluster declared this node dead while it lived. */
  burials = 0;
  /** How often the backend was lost after it had been ready. */
  backendLosses = 0;
  /** Publications that slow subscribers did not get: too many waited, or a later one of their key came. */
  publicationsDropped = 0;
  publicationsConflated = 0;
  /** Subscriptions that missed something and had to start over. */
  positionsLost = 0;
  /** Subscribers who asked for what they missed, by whether they got it all. */
  readonly recoveries = new Map<"recovered" | "unrecovered", number>([["recovered", 0], ["unrecovered", 0]]);
  /** Commands by kind, and how long they took. */
  readonly commands: CommandTimer;
  /** What its callers asked of services. */
  readonly services: ServiceCounts;
  /** Seconds of a beat's round trip. */
  readonly backendLatency = new Buckets();
  /** Seconds until a probe came back. */
  readonly pubsubLag = new Buckets();
  /** Seconds by which the node's ticks were late. */
  readonly loopLag = new Buckets();
  // A series that first appears with a count of 1 has no increase for Prometheus: the usual ones start at 0.
  readonly #closes = zeros([1000, 1001, 1005, 1006, ...codesOf(closeTable)]);
  readonly #errors = zeros(codesOf(errorTable));
  readonly #limitHits = zeros(limitNames);

  constructor(clock: Clock = systemClock) {
    this.commands = new CommandTimer(clock);
    this.services = new ServiceCounts(clock);
  }

  /** Closes by code, whoever asked for them; unknown codes are one. */
  get closes(): Labelled {
    return this.#closes;
  }

  /** Those of {@linkcode closes} that were not in good order. */
  get connectionErrors(): Labelled {
    return new Map([...this.#closes].filter(([code]) => !IN_GOOD_ORDER.has(code)));
  }

  /** Error replies by code. */
  get errors(): Labelled {
    return this.#errors;
  }

  /** How often each limit turned somebody away. */
  get limitHits(): Labelled {
    return this.#limitHits;
  }

  countLimit(limit: LimitName): void {
    add(this.#limitHits, limit);
  }

  /** `undefined` when nothing was asked for. */
  countRecovery(isRecovered: boolean | undefined): void {
    if (isRecovered === undefined) return;
    const result = isRecovered ? "recovered" : "unrecovered";
    this.recoveries.set(result, (this.recoveries.get(result) ?? 0) + 1);
  }

  countClose(code: number): void {
    add(this.#closes, KNOWN_CLOSES.has(code) ? code : "other");
  }

  countError(code: number): void {
    add(this.#errors, this.#errors.size < MAX_CODES || this.#errors.has(code) ? code : "other");
  }
}

function codesOf(table: Readonly<Record<string, { readonly code: number }>>): readonly number[] {
  return Object.values(table).map(({ code }) => code);
}

function zeros(codes: readonly (number | string)[]): Map<number | string, number> {
  return new Map(codes.map((code) => [code, 0]));
}

function add(counts: Map<number | string, number>, key: number | string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

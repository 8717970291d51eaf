import { Buckets } from "../core/buckets.ts";
import type { Clock } from "../core/clock.ts";
import { ClientError, errorTable } from "../core/errors.ts";
import type { Labelled } from "../metrics/mod.ts";

/** How a call of a service came out, in words that a label may have. */
export type ServiceOutcome =
  | "ok"
  | "not_found"
  | "gone"
  | "deadline"
  | "busy"
  | "too_large"
  | "bad_answer"
  | "bad_request"
  | "provider"
  | "cancelled"
  | "internal";

/** The words of the errors that the node makes; any other code is the provider's own. */
const outcomes: ReadonlyMap<number, ServiceOutcome> = new Map<number, ServiceOutcome>([
  ...Object.values(errorTable).map(({ code }): [number, ServiceOutcome] => [code, "internal"]),
  [errorTable.notFound.code, "not_found"],
  [errorTable.gone.code, "gone"],
  [errorTable.deadlineExceeded.code, "deadline"],
  [errorTable.busy.code, "busy"],
  [errorTable.tooManyRequests.code, "busy"],
  [errorTable.tooLarge.code, "too_large"],
  [errorTable.badAnswer.code, "bad_answer"],
  [errorTable.badRequest.code, "bad_request"],
]);
const ALL: readonly ServiceOutcome[] = ["ok", ...new Set(outcomes.values()), "provider", "cancelled"];

/** The word for what a call or a stream ended with; `undefined` is a good end. */
export function serviceOutcomeOf(error: unknown): ServiceOutcome {
  if (error === undefined) return "ok";
  return error instanceof ClientError ? outcomes.get(error.code) ?? "provider" : "internal";
}

/** Counts what callers of one node ask of services, from the start of the process. Cheap on the hot path. */
export class ServiceCounts {
  /** Items of streams that were handed to callers. */
  items = 0;
  readonly #clock: Clock;
  readonly #calls = zeros();
  readonly #streams = zeros();
  /** Seconds from a call to its end, however it came out. */
  readonly seconds = new Buckets();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls that have ended, by outcome. */
  get calls(): Labelled {
    return this.#calls;
  }

  /** Streams that have ended or could not begin, by outcome. */
  get streams(): Labelled {
    return this.#streams;
  }

  /** A call that began at `startMs`, on the monotonic clock, has ended. */
  endCall(outcome: ServiceOutcome, startMs: number): void {
    this.#calls.set(outcome, (this.#calls.get(outcome) ?? 0) + 1);
    this.seconds.observe((this.#clock.monotonicMs() - startMs) / 1_000);
  }

  /** A stream has ended, or could not begin. */
  endStream(outcome: ServiceOutcome): void {
    this.#streams.set(outcome, (this.#streams.get(outcome) ?? 0) + 1);
  }
}

/** A series that first appears with a count of 1 has no increase for Prometheus. */
function zeros(): Map<ServiceOutcome, number> {
  return new Map(ALL.map((outcome) => [outcome, 0]));
}

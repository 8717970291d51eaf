/**
 * What a load generator takes and gives, as plain data: options in, mergeable results out. Today one engine runs in
 * this process; an engine in a worker process fits behind the same type, and a coordinator adds the results up.
 */
import type { Clock } from "../core/clock.ts";
import type { ErrorRow } from "./error_classes.ts";
import type { GeneratorHealth } from "./generator.ts";
import type { HistogramText } from "./histogram.ts";
import type { LedgerCounts } from "./ledger.ts";
import type { PacerKind } from "./pacer.ts";
import type { RecorderData } from "./recorder.ts";
import type { Scenario } from "./scenario.ts";
import type { Target } from "./target.ts";

/** The parts of a run. */
export type Part = "http" | "ws" | "cross";

/** What to do. */
export interface LoadOptions {
  readonly targets: readonly Target[];
  readonly scenario: Scenario;
  readonly parts: readonly Part[];
  readonly pacer: PacerKind;
  /** Unanswered messages a connection may have before it holds the next ones back; 0 for no bound. */
  readonly window: number;
  /** How long to wait for answers after the last send, milliseconds. */
  readonly drainMs: number;
  /** Makes payload and channel names; the same seed makes the same run. */
  readonly seed: number;
}

/** How the caller follows and ends a run. */
export interface LoadWatch {
  readonly clock: Clock;
  /** Ends the run early; the result holds what there is. */
  readonly signal: AbortSignal;
  /** Called at each change worth showing and a few times a second. */
  readonly onProgress: (progress: Progress) => void;
}

/** Where a run stands. */
export interface Progress {
  readonly phase: "http" | "connect" | "warm-up" | "measure" | "drain" | "cross";
  /** What the phase is at, when it concerns one instance. */
  readonly instance?: string;
  readonly done: number;
  readonly total: number;
  readonly errors: number;
}

/** Closed loop of `GET /health` on one instance. */
export interface HttpResult {
  readonly instance: string;
  readonly model: "closed";
  readonly requests: number;
  /** Requests answered with 200. */
  readonly succeeded: number;
  readonly elapsedMs: number;
  /** Of successful requests, microseconds. */
  readonly latency: HistogramText;
  /** CPU of the generator meanwhile; at about 1 the rate is the generator's ceiling, not the server's. */
  readonly generatorCpuCores: number;
}

/** One second of the measured phase, over all instances. */
export interface SecondRow {
  readonly sent: number;
  readonly received: number;
  readonly maxUs: number;
}

/** Echo by rpc on one instance. */
export interface WsInstanceResult {
  readonly instance: string;
  readonly connections: number;
  /** Measured messages that were tried: sent, or refused by our own socket. */
  readonly tried: number;
  readonly sent: number;
  /** Messages with an untouched answer in time. */
  readonly answered: number;
  readonly duplicate: number;
  /** Messages that were given up: no answer within the deadline, or held back until it. */
  readonly unanswered: number;
  readonly latency: RecorderData;
}

/** Echo by rpc over all instances. */
export interface WsResult {
  readonly model: "open";
  readonly instances: readonly WsInstanceResult[];
  readonly asked: number;
  /** Never released, because the run was ended. */
  readonly neverTried: number;
  readonly offeredPerSec: number;
  /** Untouched answers per second over the measured phase. */
  readonly achievedPerSec: number;
  /** Length of the measured phase up to the last send, and to the last answer. */
  readonly sendMs: number;
  readonly receiveMs: number;
  readonly warmupMs: number;
  readonly drainMs: number;
  readonly seconds: readonly SecondRow[];
  /** Corrected latency of the first and of the last third, microseconds. */
  readonly firstThird: HistogramText;
  readonly lastThird: HistogramText;
  readonly connect: ConnectResult;
  readonly generator: GeneratorHealth;
}

/** How connecting went. */
export interface ConnectResult {
  readonly asked: number;
  readonly open: number;
  readonly failed: number;
  readonly neverTried: number;
  readonly tookMs: number;
  readonly upgrade: HistogramText;
  readonly welcome: HistogramText;
}

/** Publications from one instance as seen on another (or the same). */
export interface CrossCell {
  readonly from: string;
  readonly to: string;
  readonly ledger: LedgerCounts;
  readonly latency: RecorderData;
}

/** The N x N matrix; all sockets are in one process, so there is one clock. */
export interface CrossResult {
  readonly published: number;
  readonly refused: number;
  readonly neverTried: number;
  readonly offeredPerSec: number;
  readonly elapsedMs: number;
  readonly cells: readonly CrossCell[];
  readonly generator: GeneratorHealth;
}

/** All that a run found out. */
export interface LoadResult {
  readonly http: readonly HttpResult[];
  readonly ws: WsResult | undefined;
  readonly cross: CrossResult | undefined;
  readonly errors: readonly ErrorRow[];
  /** Instances that stopped answering in the run. */
  readonly lostTargets: readonly string[];
  readonly wasInterrupted: boolean;
}

/** Runs a load to its end or until the watch stops it. Rejects only for faults of the program. */
export type Engine = (options: LoadOptions, watch: LoadWatch) => Promise<LoadResult>;

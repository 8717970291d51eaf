/**
 * What a load generator found, as plain data: mergeable (histograms travel as base64 HDR, never as percentiles), so
 * that a coordinator adds workers up and a later program can recompute any percentile from a saved report.
 */
import type { Pattern } from "../scenario/scenario.ts";
import type { ErrorRow } from "../truth/error_classes.ts";
import type { HistogramText } from "../truth/histogram.ts";
import type { LedgerCounts } from "../truth/ledger.ts";
import type { RecorderData } from "../truth/recorder.ts";
import type { GeneratorHealth } from "./generator.ts";

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

/** One second of the measured phase on one instance. */
export interface SecondRow {
  readonly instance: string;
  /** From 0, since the first measured send was due. */
  readonly second: number;
  /** Messages that left for this instance. */
  readonly sent: number;
  /** Answers and deliveries that came from it. */
  readonly received: number;
  readonly errors: number;
  /** Corrected latency of what was received, microseconds; its maximum shows a stall that an average hides. */
  readonly latency: HistogramText;
}

/** The scenario's traffic on one instance. */
export interface TrafficInstance {
  readonly instance: string;
  readonly connections: number;
  /** Connections that the server ended. */
  readonly lostConnections: number;
  /** Measured messages that were tried: sent, or refused by our own socket. */
  readonly tried: number;
  readonly sent: number;
  /** Messages that brought what they should: an untouched answer, or their publication was accepted. */
  readonly answered: number;
  readonly duplicate: number;
  /** Messages that were given up: no answer within the deadline, or held back until it. */
  readonly unanswered: number;
  /** Deliveries to subscribers on this instance; 0 in patterns without fan-out. */
  readonly delivered: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of answers in request patterns, of deliveries to subscribers on this instance in publishing patterns. */
  readonly latency: RecorderData;
}

/** Messages from one instance as seen on another (or the same). */
export interface CrossCell {
  readonly from: string;
  readonly to: string;
  readonly ledger: LedgerCounts;
  readonly latency: RecorderData;
}

/** Latency of one publication to its first, median and last subscriber, corrected, microseconds. */
export interface FanOutLatency {
  readonly first: HistogramText;
  readonly median: HistogramText;
  readonly last: HistogramText;
}

/** One second of connecting, over all instances. */
export interface RampRow {
  readonly second: number;
  /** How many connections the plan wanted by the end of this second; also where they stood then. */
  readonly asked: number;
  readonly open: number;
  readonly failed: number;
}

/** How connecting went: asked = open + failed + neverTried. */
export interface ConnectResult {
  readonly asked: number;
  readonly open: number;
  readonly failed: number;
  readonly neverTried: number;
  /** Further attempts after a failed one. */
  readonly retries: number;
  readonly tookMs: number;
  /** The phases of one connection, each from the end of the one before, microseconds. */
  readonly tcp: HistogramText;
  /** TLS and the upgrade (or nothing, for HTTP). */
  readonly upgrade: HistogramText;
  /** Until the server's welcome, subscriptions included. */
  readonly ready: HistogramText;
  /** From ready to the first answer or delivery. */
  readonly firstMessage: HistogramText;
  readonly ramp: readonly RampRow[];
}

/** An intervention of the memory governor, or of the connector's own limits. */
export interface ThrottleRow {
  /** Since the run began, milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
}

/** Connections that were closed and opened anew on purpose. */
export interface ChurnResult {
  readonly closed: number;
  readonly reopened: number;
  readonly failed: number;
}

/** A connection that the server ended, and when it was back; for drills. */
export interface OutageRow {
  readonly instance: string;
  /** Since the run began, milliseconds: first connection lost, and last. */
  readonly firstLostMs: number;
  readonly lastLostMs: number;
  readonly lost: number;
  readonly reconnected: number;
  /** When the last of them was back; undefined when none came back. */
  readonly lastBackMs: number | undefined;
}

/** The scenario on held connections, over all instances and workers. */
export interface TrafficResult {
  /** A closed loop's latency is not comparable across rates. */
  readonly model: "open" | "closed";
  readonly pattern: Pattern["kind"];
  readonly instances: readonly TrafficInstance[];
  /** From instance to instance, in publishing patterns; empty else. */
  readonly cells: readonly CrossCell[];
  readonly fanOut: FanOutLatency | undefined;
  /** Publications that left, warm-up included, and those of them that the server refused. */
  readonly publications: { readonly sent: number; readonly refused: number };
  readonly asked: number;
  /** Never released, because the run was ended. */
  readonly neverTried: number;
  /** The plan's rate; in a closed loop what was achieved. */
  readonly offeredPerSec: number;
  /** Answered messages per second over the measured phase. */
  readonly achievedPerSec: number;
  /** Length of the measured phase up to the last send, and to the last answer. */
  readonly sendMs: number;
  readonly receiveMs: number;
  readonly warmupMs: number;
  readonly drainMs: number;
  /** When the measured phase began, since the run began, milliseconds. */
  readonly measuredFromMs: number;
  readonly seconds: readonly SecondRow[];
  /** Corrected latency of the first and of the last third, microseconds. */
  readonly firstThird: HistogramText;
  readonly lastThird: HistogramText;
  readonly connect: ConnectResult;
  readonly churn: ChurnResult;
  readonly throttled: readonly ThrottleRow[];
  readonly outages: readonly OutageRow[];
  /** One row per worker process. */
  readonly generators: readonly GeneratorHealth[];
}

/** The N x N matrix; all its sockets are in one process, so there is one clock. */
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
  readonly traffic: TrafficResult | undefined;
  readonly cross: CrossResult | undefined;
  readonly errors: readonly ErrorRow[];
  /** Instances that stopped answering in the run. */
  readonly lostTargets: readonly string[];
  /** Generator processes that ended before they could tell what they found. */
  readonly deadWorkers: number;
  readonly wasInterrupted: boolean;
}

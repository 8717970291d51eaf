/** What a load generator is: options in, mergeable results out ({@linkcode LoadOptions}, {@linkcode LoadResult}). */
import type { Clock } from "../../core/clock.ts";
import type { LoadOptions } from "./load_options.ts";
import type { LoadResult } from "./load_result.ts";
import type { Telemetry } from "./telemetry.ts";

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
  /** One row per instance while traffic runs, for live views and the Prometheus endpoint; counts since the start. */
  readonly instances?: readonly InstanceProgress[];
  /** For the Prometheus endpoint; about once a second while traffic runs. */
  readonly telemetry?: Telemetry;
}

/** Where one instance stands. */
export interface InstanceProgress {
  readonly instance: string;
  readonly connections: number;
  readonly sent: number;
  readonly received: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly errors: number;
  /** Connections that were opened again after the server had ended them. */
  readonly reconnects: number;
  /** Of the last full second, microseconds; undefined before there was one. */
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
}

/** Runs a load to its end or until the watch stops it. Rejects only for faults of the program. */
export type Engine = (options: LoadOptions, watch: LoadWatch) => Promise<LoadResult>;

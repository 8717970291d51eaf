/** What a load generator is told to do, as plain data: it travels to worker processes as JSON and into the report. */
import type { Scenario } from "../scenario/scenario.ts";
import type { Target } from "../targets/target.ts";
import type { PacerKind } from "./pacer.ts";

/**
 * The parts of a run: `http` asks `GET /health` in a closed loop, `traffic` is the scenario on held connections,
 * `cross` is the matrix from every instance to every instance.
 */
export type Part = "http" | "traffic" | "cross";

/** When connecting pauses for memory, as shares of what the machine (or cgroup) has. */
export interface GovernorOptions {
  /** Batches pause when less than this share of memory is available, 0 to 1. */
  readonly pauseBelow: number;
  /** They go on when at least this share is available again; above `pauseBelow`. */
  readonly resumeAbove: number;
}

/** What to do. */
export interface LoadOptions {
  readonly targets: readonly Target[];
  readonly scenario: Scenario;
  readonly parts: readonly Part[];
  readonly pacer: PacerKind;
  /** Processes that generate load; they share the connections and the rate. */
  readonly workers: number;
  /** Local addresses that connections leave from, in turn; empty for the system's choice. */
  readonly sourceIps: readonly string[];
  /** How long to wait for answers after the last send, milliseconds. */
  readonly drainMs: number;
  readonly governor: GovernorOptions;
  /** Makes payloads and channel names; the same seed makes the same run. */
  readonly seed: number;
}

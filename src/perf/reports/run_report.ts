/** All that is known at the end of a run; screen, JSON and every other report are written from it, and only from it. */
import type { LoadOptions } from "../engine/load_options.ts";
import type { LoadResult } from "../engine/load_result.ts";
import type { Environment } from "../targets/environment.ts";
import type { InstanceStats } from "../targets/stats_watch.ts";
import type { TargetHealth } from "../targets/target.ts";
import type { Digest } from "../truth/digest.ts";
import type { Verdict } from "../truth/verdict.ts";

/** Changes when a field changes its meaning or goes away. */
export const REPORT_FORMAT = 2;

/** Something that was done to the servers on purpose, on the clock of the run: milliseconds since it began. */
export interface DrillRow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

/** A run with its judgement. Its JSON holds everything: any percentile can be recomputed from `result`. */
export interface RunReport {
  readonly format: typeof REPORT_FORMAT;
  readonly tool: "shoal perf";
  /** Wall clock of the begin, ISO 8601. */
  readonly startedAt: string;
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly options: LoadOptions;
  readonly instances: readonly (TargetHealth & { readonly instance: string })[];
  readonly stats: readonly InstanceStats[];
  /** What was done to the servers meanwhile; charts show it. */
  readonly drills?: readonly DrillRow[];
  /** What was counted and recorded; histograms are compressed HDR V2 in base64, in microseconds. */
  readonly result: LoadResult;
  /** The same in numbers people read; derived from `result` alone. */
  readonly digest: Digest;
  readonly verdict: Verdict;
}

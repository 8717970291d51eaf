/** All that is known at the end of a run; screen, JSON and Markdown are written from it. */
import type { Digest } from "./digest.ts";
import type { LoadOptions, LoadResult } from "./engine.ts";
import type { Environment } from "./environment.ts";
import type { InstanceStats } from "./stats_watch.ts";
import type { TargetHealth } from "./target.ts";
import type { Verdict } from "./verdict.ts";

/** A run with its judgement. */
export interface RunReport {
  /** Wall clock of the begin, ISO 8601. */
  readonly startedAt: string;
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly options: LoadOptions;
  readonly instances: readonly (TargetHealth & { readonly instance: string })[];
  readonly stats: readonly InstanceStats[];
  readonly result: LoadResult;
  readonly digest: Digest;
  readonly verdict: Verdict;
}

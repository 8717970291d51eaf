/** Runs of the load tester within the process of a test. */
import { systemClock } from "../src/core/clock.ts";
import type { LoadOptions } from "../src/perf/engine/load_options.ts";
import type { LoadResult } from "../src/perf/engine/load_result.ts";
import { runLocally } from "../src/perf/engine/local_engine.ts";
import type { Scenario } from "../src/perf/scenario/scenario.ts";
import { parseTargets } from "../src/perf/targets/target.ts";

/** A load of traffic alone, by one worker, on a machine that need not have much memory left. */
export function loadOptions(
  urls: readonly string[],
  scenario: Scenario,
  changes: Partial<LoadOptions> = {},
): LoadOptions {
  return {
    targets: parseTargets(urls.join(",")),
    scenario,
    parts: ["traffic"],
    pacer: "timer",
    workers: 1,
    sourceIps: [],
    governor: { pauseBelow: 0.01, resumeAbove: 0.02 },
    drainMs: 500,
    seed: 1,
    ...changes,
  };
}

/** Runs it to its end, or until `signal`. */
export async function runLoad(
  load: LoadOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<LoadResult> {
  return await runLocally(load, { clock: systemClock, signal, onProgress: () => {} });
}

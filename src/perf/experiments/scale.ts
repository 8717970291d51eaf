/** `perf scale`: clusters of several sizes, fresh each time, and the scaling curve through them. */
import { seededRandom } from "../engine/seed.ts";
import type { PerfWorld, RunRequest } from "../measure.ts";
import type { RunReport } from "../reports/run_report.ts";
import { measureFresh } from "./fresh_run.ts";
import { runFault, type RunNumbers, runNumbers } from "./run_numbers.ts";
import { maxRuns } from "./schedule.ts";

/** What to measure. */
export interface ScaleRequest {
  /** Sizes of clusters, ascending. */
  readonly sizes: readonly number[];
  /** Runs of each size. */
  readonly repeats: number;
  readonly redis: string | undefined;
  /** Load, demands and seed of every run; its subject is not looked at. */
  readonly run: RunRequest;
}

/** One run. */
export interface ScaleRun {
  readonly instances: number;
  readonly numbers: RunNumbers;
  /** Why the run does not count; undefined when it does. */
  readonly fault: string | undefined;
}

/** What came of it. */
export interface ScaleOutcome {
  readonly runs: readonly ScaleRun[];
  readonly wasInterrupted: boolean;
}

/**
 * Measures each size `repeats` times, in an order of chance that the seed decides, so that a drift of the machine is
 * not taken for an effect of size. A run that measured nothing is repeated. `onRun` gets each report. Rejects when
 * servers do not start.
 */
export async function measureSizes(
  request: ScaleRequest,
  world: PerfWorld,
  onRun: (report: RunReport) => Promise<void>,
): Promise<ScaleOutcome> {
  const { run, redis } = request;
  const plan = scaleSchedule(request);
  const runs: ScaleRun[] = [];
  for (let at = 0; at < plan.length && runs.length < maxRuns(plan.length);) {
    const instances = plan[at];
    if (instances === undefined || world.signal.aborted) break;
    if (!run.isQuiet) world.err.write(`Run ${at + 1} of ${plan.length}: cluster=${instances}\n`);
    const subject = { kind: "cluster", instances, redis } as const;
    const costed = await measureFresh({ ...run, subject }, world);
    await onRun(costed.report);
    const fault = runFault(costed.report);
    runs.push({ instances, numbers: runNumbers(costed), fault });
    if (fault?.startsWith("correctness")) break;
    if (fault === undefined) at++;
  }
  return { runs, wasInterrupted: world.signal.aborted };
}

/** The sizes in the order of their runs: each round has all of them, shuffled. */
export function scaleSchedule(
  { sizes, repeats, run }: Pick<ScaleRequest, "sizes" | "repeats"> & {
    readonly run: { readonly load: { readonly seed: number } };
  },
): readonly number[] {
  const random = seededRandom(run.load.seed);
  return Array.from(
    { length: repeats },
    () =>
      sizes.map((size) => ({ size, key: random() })).sort((a, b) => a.key - b.key).map(({ size }) => size),
  ).flat();
}

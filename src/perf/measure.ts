/**
 * One run, from targets to verdict: what `perf run` does once and the experiments do again and again. It writes no
 * file and prints no result; `reports/` does that with the {@linkcode RunReport}.
 */
import type { Clock } from "../core/clock.ts";
import type { Engine } from "./engine/engine.ts";
import type { LoadOptions } from "./engine/load_options.ts";
import { ProgressView, type TextSink } from "./reports/progress_view.ts";
import { REPORT_FORMAT, type RunReport } from "./reports/run_report.ts";
import { readEnvironment } from "./targets/environment.ts";
import { StatsWatch } from "./targets/stats_watch.ts";
import type { Subject } from "./targets/subject.ts";
import { type ChosenTargets, openSubject } from "./targets/targets.ts";
import { digest } from "./truth/digest.ts";
import { type Slo, withDefaults } from "./truth/slo.ts";
import { judge } from "./truth/verdict.ts";

/** What one run was asked for. */
export interface RunRequest {
  readonly subject: Subject;
  readonly load: Omit<LoadOptions, "targets">;
  readonly slos: readonly Slo[];
  /** Folder in which a report gets a folder of its own. */
  readonly out: string;
  readonly isQuiet: boolean;
  /** The command line without secrets. */
  readonly argv: readonly string[];
}

/** What commands need of the world. */
export interface PerfWorld {
  readonly clock: Clock;
  readonly engine: Engine;
  /** Ends the run early; the report then says so. */
  readonly signal: AbortSignal;
  readonly out: TextSink;
  /** For progress and for trouble. */
  readonly err: TextSink;
}

/**
 * Opens the subject (starting servers when it says so), measures it and ends what was started. Rejects with
 * `NoTargetError`, `StartError` or `UsageError`. One call at a time: two would disturb each other's numbers.
 */
export async function measureSubject(request: RunRequest, world: PerfWorld): Promise<RunReport> {
  const say = (line: string) => request.isQuiet ? undefined : world.err.write(`${line}\n`);
  await using chosen = await openSubject(request.subject, request.load.scenario, say, world.signal);
  return await measureTargets(request, chosen, world);
}

/** Measures targets that are open already, for experiments that act on the servers meanwhile. */
export async function measureTargets(
  request: RunRequest,
  chosen: ChosenTargets,
  world: PerfWorld,
): Promise<RunReport> {
  const options: LoadOptions = { ...request.load, targets: chosen.targets };
  const startedAt = new Date(world.clock.wallMs()).toISOString();
  const environment = await readEnvironment();
  const view = new ProgressView(world.err, () => world.clock.monotonicMs());
  const stats = new StatsWatch(chosen.targets);
  const result = await world.engine(options, {
    clock: world.clock,
    signal: world.signal,
    onProgress: (progress) => {
      stats.isOn = progress.phase === "measure";
      if (!request.isQuiet) view.show(progress);
    },
  }).finally(() => stats.stop());
  if (!request.isQuiet) view.clear();
  const numbers = digest(result);
  return {
    format: REPORT_FORMAT,
    tool: "shoal perf",
    startedAt,
    argv: request.argv,
    environment,
    options,
    instances: chosen.healths,
    stats: await stats.stop(),
    result,
    digest: numbers,
    verdict: judge(result, numbers, options, withDefaults(request.slos)),
  };
}

/** `perf run`: finds the targets, lets the engine work, judges, shows and writes. */
// picocolors: colour codes in one tiny file, without a look at the environment that we do not ask for.
import pc from "picocolors";
import type { Clock } from "../core/clock.ts";
import { digest } from "./digest.ts";
import type { Engine, LoadOptions } from "./engine.ts";
import { readEnvironment } from "./environment.ts";
import { ClusterStartError } from "./own_cluster.ts";
import { ProgressView, type TextSink } from "./progress_view.ts";
import { prepareReports, writeReport } from "./report_files.ts";
import type { RunReport } from "./run_report.ts";
import { type Slo, withDefaults } from "./slo.ts";
import { StatsWatch } from "./stats_watch.ts";
import { type Palette, plainPalette, summaryLines } from "./summary.ts";
import { chooseTargets, type ChosenTargets, NoTargetError, type TargetChoice } from "./targets.ts";
import { UsageError } from "./usage_error.ts";
import { exitCodes, judge } from "./verdict.ts";

/** What `perf run` was asked for. */
export interface RunRequest {
  readonly choice: TargetChoice;
  readonly load: Omit<LoadOptions, "targets">;
  readonly slos: readonly Slo[];
  /** Folder in which the report gets a folder of its own. */
  readonly out: string;
  readonly isQuiet: boolean;
  readonly argv: readonly string[];
}

/** What the command needs of the world. */
export interface RunWorld {
  readonly clock: Clock;
  readonly engine: Engine;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  readonly out: TextSink;
  /** For progress and for trouble. */
  readonly err: TextSink;
}

/** Runs; answers the exit code. */
export async function runCommand(request: RunRequest, world: RunWorld): Promise<number> {
  try {
    await prepareReports(request.out);
    const say = (line: string) => request.isQuiet ? undefined : world.err.write(`${line}\n`);
    await using chosen = await chooseTargets(request.choice, say, world.signal);
    const report = await measure(request, chosen, world);
    const files = await writeReport(report, request.out);
    world.out.write(summaryLines(report, files, paletteFor(world.out)).join("\n"));
    return report.verdict.exitCode;
  } catch (error) {
    if (error instanceof UsageError) {
      world.err.write(`error: ${error.message}\n`);
      return exitCodes.usage;
    }
    if (!(error instanceof NoTargetError) && !(error instanceof ClusterStartError)) throw error;
    world.err.write(`${error.message}\n`);
    return world.signal.aborted ? exitCodes.interrupted : exitCodes.targetLost;
  }
}

async function measure(request: RunRequest, chosen: ChosenTargets, world: RunWorld): Promise<RunReport> {
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

function paletteFor(sink: TextSink): Palette {
  const isWanted = sink.isTerminal && Deno.env.get("NO_COLOR") === undefined;
  return isWanted ? pc.createColors(true) : plainPalette;
}

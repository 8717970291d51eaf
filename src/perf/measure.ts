/**
 * One run, from targets to verdict: what `perf run` does once and the experiments do again and again. It writes no
 * file and prints no result; `reports/` does that with the {@linkcode RunReport}.
 */
import type { Clock } from "../core/clock.ts";
import type { Engine } from "./engine/engine.ts";
import type { LoadOptions } from "./engine/load_options.ts";
import { type DeadTarget, preflight } from "./engine/preflight.ts";
import { LiveMetrics } from "./reports/prometheus/live_metrics.ts";
import {
  type ListenAddress,
  type MetricsEndpoint,
  openMetricsEndpoint,
} from "./reports/prometheus/metrics_endpoint.ts";
import type { Delay } from "./network/delay_line.ts";
import { shapeNetwork } from "./network/shaped_network.ts";
import { JsonProgress } from "./reports/json_lines.ts";
import { ProgressView, type TextSink } from "./reports/progress_view.ts";
import { REPORT_FORMAT, type RunReport } from "./reports/run_report.ts";
import { checkCapacity, type MachineLimits, readLimits } from "./targets/capacity.ts";
import { readEnvironment } from "./targets/environment.ts";
import { isLoopback } from "./targets/loopback.ts";
import { chooseSourceIps } from "./targets/source_ips.ts";
import { StatsWatch } from "./targets/stats_watch.ts";
import type { Subject } from "./targets/subject.ts";
import { type ChosenTargets, NoTargetError, openSubject, START_HINT } from "./targets/targets.ts";
import { digest } from "./truth/digest.ts";
import { nextStep } from "./truth/next_steps.ts";
import { type Slo, withDefaults } from "./truth/slo.ts";
import { judge } from "./truth/verdict.ts";
import { UsageError } from "./usage_error.ts";
import type { Speech } from "./scenario/scenario.ts";

/** What one run was asked for. */
export interface RunRequest {
  readonly subject: Subject;
  readonly load: Omit<LoadOptions, "targets">;
  /** Added to every connection, each way; undefined for the network as it is. */
  readonly delay?: Delay | undefined;
  readonly slos: readonly Slo[];
  /** Folder in which a report gets a folder of its own. */
  readonly out: string;
  readonly isQuiet: boolean;
  /** Where `/metrics` is served during the run; nowhere when left out. */
  readonly prometheus?: ListenAddress | undefined;
  /** The command line without secrets. */
  readonly argv: readonly string[];
}

/** How a command tells its outcome on stdout: for people, for programs (one JSON object a line), or for a document. */
export type OutputFormat = "screen" | "json" | "markdown";

/** What commands need of the world. */
export interface PerfWorld {
  readonly clock: Clock;
  readonly engine: Engine;
  /** Ends the run early; the report then says so. */
  readonly signal: AbortSignal;
  readonly out: TextSink;
  /** For progress and for trouble. */
  readonly err: TextSink;
  /** Of `out`; `screen` when left out. With `json` progress goes there, too. */
  readonly format?: OutputFormat;
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
  const limits = await readLimits();
  const sourceIps = chooseSourceIps(request.load, chosen.targets, limits);
  using network = await shapeNetwork(chosen.targets, request.delay, request.load.seed);
  const options: LoadOptions = { ...request.load, targets: network.targets, sourceIps };
  await refuseHopeless(options, limits, world);
  const startedAt = new Date(world.clock.wallMs()).toISOString();
  const environment = await readEnvironment();
  const metrics = new LiveMetrics(options.scenario, () => world.clock.monotonicMs());
  await using _endpoint = openEndpoint(request, metrics, world);
  const view = newView(world);
  const stats = new StatsWatch({
    targets: options.scenario.speech.kind === "shoal" ? chosen.targets : [],
    pid: options.scenario.speech.kind === "shoal" ? undefined : chosen.pid,
    clock: world.clock,
  });
  const result = await world.engine(options, {
    clock: world.clock,
    signal: world.signal,
    onProgress: (progress) => {
      stats.isOn = progress.phase === "measure";
      metrics.take(progress);
      if (!request.isQuiet) view.show(progress);
    },
  }).finally(() => stats.stop());
  if (!request.isQuiet) view.clear();
  metrics.finish(result);
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

function newView({ clock, err, out, format }: PerfWorld): ProgressView | JsonProgress {
  const monotonicMs = () => clock.monotonicMs();
  return format === "json" ? new JsonProgress(out, monotonicMs) : new ProgressView(err, monotonicMs);
}

function openEndpoint(
  request: RunRequest,
  metrics: LiveMetrics,
  world: PerfWorld,
): MetricsEndpoint | undefined {
  if (request.prometheus === undefined) return undefined;
  const endpoint = openMetricsEndpoint(request.prometheus, () => metrics.page());
  if (!request.isQuiet) world.err.write(`metrics: ${endpoint.url}\n`);
  return endpoint;
}

/** What cannot work for a single connection, or cannot fit on this machine, is said before it is tried. */
async function refuseHopeless(options: LoadOptions, limits: MachineLimits, world: PerfWorld): Promise<void> {
  const { scenario, targets, workers, sourceIps } = options;
  const demand = {
    connections: scenario.connections,
    targets: targets.length,
    workers,
    sourceIps: sourceIps.length,
    isLocal: targets.every(isLoopback),
    inFlight: scenario.ramp.batch * scenario.ramp.maxActiveBatches,
  };
  // Ports in TIME_WAIT may belong to other pairs of addresses: the doctor shows them, a run does not fail for them.
  const short = checkCapacity(demand, { ...limits, timeWait: 0 }).find((finding) => !finding.isEnough);
  if (short !== undefined) {
    const what = `${short.resource}: need ${short.need}, have ${short.have}`;
    throw new UsageError(`Cannot hold ${scenario.connections} connections: ${what}; ${short.next}`);
  }
  const dead = await preflight(options, world.clock);
  if (dead.length > 0) throw new NoTargetError(deadTargetsText(dead, scenario.speech.kind));
}

function deadTargetsText(dead: readonly DeadTarget[], speech: Speech["kind"]): string {
  const lines = dead.map(({ target, errorClass, cause }) =>
    `${target.instance}: ${errorClass}: ${cause}\n  Next: ${nextStep(errorClass)}.`
  );
  const hint = speech === "shoal" && dead.some((one) => one.errorClass === "refused") ? [START_HINT] : [];
  return [...lines, ...hint].join("\n");
}

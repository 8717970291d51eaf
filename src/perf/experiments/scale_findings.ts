/** Says what the sizes mean: the curve, its peak, what holds it back, and how far it may be believed. */
import type { Chart } from "../reports/charts/chart.ts";
import { scalingChart } from "../reports/charts/scaling_chart.ts";
import { exitCodes } from "../truth/verdict.ts";
import { formatRate } from "../units.ts";
import type { Interval } from "./bootstrap.ts";
import type { Findings, Table } from "./findings.ts";
import type { RunNumbers } from "./run_numbers.ts";
import type { ScaleOutcome } from "./scale.ts";
import { uslThroughput } from "./usl.ts";
import { fitUsl, MIN_SIZES, predictUsl, type UslFit } from "./usl_fit.ts";
import type { ScalePoint } from "./usl_solver.ts";

/**
 * What the curve is drawn through. `core-seconds`: what the nodes would do with a core each, from the messages that a
 * second of their CPU brought; what a machine with fewer cores than nodes can tell. `throughput`: messages per second.
 */
export type ScaleMeasure = "core-seconds" | "throughput";

/** How things stood when the runs were made. */
export interface ScaleContext {
  readonly seed: number;
  readonly scenario: string;
  readonly cores: number;
  readonly measure: ScaleMeasure;
  /** Sizes to predict. */
  readonly predict: readonly number[];
}

/** The findings of a scaling experiment. */
export function scaleFindings(outcome: ScaleOutcome, context: ScaleContext): Findings {
  const points = scalePoints(outcome, context.measure);
  const sizes = new Set(points.map((point) => point.instances)).size;
  const title = `scale · ${context.scenario} · ${sizes} sizes · ${points.length} runs`;
  const broken = outcome.runs.find((run) => run.fault?.startsWith("correctness"));
  const common = { kind: "scale", title, notes: notesOf(outcome, context) } as const;
  if (broken !== undefined) {
    return {
      ...common,
      word: "FAIL",
      exitCode: exitCodes.correctness,
      conclusion: `Nothing can be fitted: cluster=${broken.instances}: ${broken.fault}`,
      tables: [],
      data: { ...outcome, context },
    };
  }
  if (sizes < MIN_SIZES) {
    const why = outcome.wasInterrupted ? "Ended early" : "No curve can be claimed";
    return {
      ...common,
      ...(outcome.wasInterrupted
        ? { word: "INTERRUPTED", exitCode: exitCodes.interrupted } as const
        : { word: "INVALID", exitCode: exitCodes.invalid } as const),
      conclusion:
        `${why}: ${sizes} sizes were measured without fault, ${MIN_SIZES} are needed for three parameters.`,
      tables: [rawTable(points, context.measure)],
      data: { ...outcome, context },
    };
  }
  const fit = fitUsl(points, context.seed);
  return {
    ...common,
    ...(outcome.wasInterrupted
      ? { word: "INTERRUPTED", exitCode: exitCodes.interrupted } as const
      : { word: "DONE", exitCode: exitCodes.ok } as const),
    conclusion: conclude(fit, context),
    tables: [parameterTable(fit), fitTable(fit, context.measure), ...predictionTables(fit, context)],
    charts: [chartOf(fit, points, context)],
    data: { ...outcome, context, fit },
  };
}

/** The curve is drawn as far as it was measured. */
function chartOf(
  fit: UslFit,
  points: readonly ScalePoint[],
  { scenario, cores, measure }: ScaleContext,
): Chart {
  const { peak, rows } = fit;
  const unit = measure === "throughput" ? "messages/s" : "messages per core-second x nodes";
  const measured = rows.map(({ instances, measured }) => {
    const same = points.filter((point) => point.instances === instances).map((point) => point.throughput);
    return { instances, perSec: measured, low: Math.min(...same), high: Math.max(...same) };
  });
  const largest = rows.at(-1)?.instances ?? 1;
  const text = {
    name: "scaling",
    title: `Scaling, ${scenario}`,
    caption: measure === "throughput"
      ? `On ${cores} cores shared with the load generator: beyond that the curve shows contention for cores.`
      : `Cost measured on ${cores} cores: what the nodes would do with a core each, not an observed throughput.`,
    stamp: `sigma ${fit.curve.sigma.toFixed(3)}, kappa ${fit.curve.kappa.toFixed(4)}`,
  };
  return scalingChart(text, {
    points: measured,
    fit: rows.map(({ instances, fitted, low, high }) => ({ instances, perSec: fitted, low, high })),
    peak: peak.estimate > largest
      ? undefined
      : { instances: peak.estimate, low: peak.low, high: Math.min(peak.high, largest) },
    unit,
  });
}

/** One point per usable run. */
export function scalePoints(outcome: ScaleOutcome, measure: ScaleMeasure): readonly ScalePoint[] {
  return outcome.runs.flatMap(({ instances, numbers, fault }) => {
    const throughput = fault === undefined ? valueOf(numbers, instances, measure) : undefined;
    return throughput === undefined ? [] : [{ instances, throughput }];
  });
}

function valueOf(numbers: RunNumbers, instances: number, measure: ScaleMeasure): number | undefined {
  if (measure === "throughput") return numbers.throughput;
  return numbers.serverCpu === undefined ? undefined : instances * 1e6 / numbers.serverCpu;
}

function conclude(fit: UslFit, { measure }: ScaleContext): string {
  const { peak, dominant, validUpTo, curve } = fit;
  const largest = fit.rows.at(-1)?.instances ?? 1;
  const gain = uslThroughput(curve, largest) / uslThroughput(curve, 1);
  const what = measure === "throughput" ? "on this machine" : "with a core for each node";
  const cause = dominant === "neither"
    ? "nothing holds it back yet"
    : `${dominant} holds it back most (${dominant === "contention" ? "sigma" : "kappa"})`;
  return `${largest} nodes do x${gain.toFixed(2)} of one ${what}; ${cause}; ${peakText(peak, validUpTo)}.`;
}

function peakText({ estimate, low, high }: Interval, validUpTo: number): string {
  if (estimate > validUpTo) {
    return `no peak within ${validUpTo} nodes, which is as far as the curve may be followed` +
      (low <= validUpTo ? ` (it may be as near as ${low.toFixed(1)})` : "");
  }
  const end = high > validUpTo ? `beyond ${validUpTo}` : high.toFixed(1);
  return `the peak is at ${estimate.toFixed(1)} nodes [${low.toFixed(1)}, ${end}]`;
}

function parameterTable({ lambda, sigma, kappa }: UslFit): Table {
  const row = (name: string, { estimate, low, high }: Interval, format: (value: number) => string) => [
    name,
    format(estimate),
    `[${format(low)}, ${format(high)}]`,
  ];
  return [
    ["PARAMETER", "FIT", "95%"],
    row("lambda, one node", lambda, (value) => `${formatRate(value)}/s`),
    row("sigma, contention", sigma, (value) => value.toFixed(4)),
    row("kappa, coherency", kappa, (value) => value.toFixed(5)),
  ];
}

function fitTable(fit: UslFit, measure: ScaleMeasure): Table {
  const one = uslThroughput(fit.curve, 1);
  const rows = fit.rows.map((row) => [
    String(row.instances),
    `${formatRate(row.measured)}/s`,
    `${formatRate(row.fitted)}/s`,
    `[${formatRate(row.low)}, ${formatRate(row.high)}]`,
    `${(row.residual * 100).toFixed(1)}%`,
    `${Math.round(100 * row.fitted / (one * row.instances))}%`,
  ]);
  const name = measure === "throughput" ? "MEASURED" : "PER CORE x NODES";
  return [["NODES", name, "CURVE", "95% BAND", "RESIDUAL", "EFFICIENCY"], ...rows];
}

function rawTable(points: readonly ScalePoint[], measure: ScaleMeasure): Table {
  const name = measure === "throughput" ? "MEASURED" : "PER CORE x NODES";
  return [
    ["NODES", name],
    ...points.map((point) => [String(point.instances), `${formatRate(point.throughput)}/s`]),
  ];
}

function predictionTables(fit: UslFit, { predict }: ScaleContext): readonly Table[] {
  if (predict.length === 0) return [];
  const rows = predict.map((instances) => {
    if (instances > fit.validUpTo) return [String(instances), `refused: beyond ${fit.validUpTo}`];
    return [String(instances), `${formatRate(predictUsl(fit, instances))}/s`];
  });
  return [[["PREDICTED FOR", "CURVE"], ...rows]];
}

function notesOf(outcome: ScaleOutcome, { cores, measure }: ScaleContext): readonly string[] {
  const faults = outcome.runs.filter((run) => run.fault !== undefined);
  const caption = measure === "throughput"
    ? `All nodes, their broker and the load generator share ${cores} cores: with more nodes than cores this curve ` +
      "shows contention for cores, not of the cluster. Take --measure core-seconds."
    : `Measured on ${cores} cores. The curve is messages per second of the servers' CPU (broker's included where it is ` +
      "ours), times nodes: what the cluster would do with a core for each node, if memory and network allow. It is an " +
      "estimate of cost, not an observed throughput.";
  return [
    caption,
    "Universal Scalability Law, least squares of relative errors over all runs, intervals by parametric bootstrap; " +
    "the curve is not followed beyond twice the largest size measured.",
    "Every size got the same total load.",
    ...faults.map((run) => `Left out, cluster=${run.instances}: ${run.fault}`),
  ];
}

/** Latency by percentile on an axis of nines, corrected beside raw: where the tail begins, and what waiting hides. */
import type { TrafficResult } from "../../engine/load_result.ts";
import { type Histogram, mergeHistograms, percentileUs } from "../../truth/histogram.ts";
import { type Chart, type ChartText, drawChart } from "./chart.ts";
import { colourOf, dashes } from "./palette.ts";
import type { Axis, Point, Series } from "./panel.ts";
import { latencyAxis } from "./units.ts";

const STEP = 0.02;
const MAX_NINES = 6;
/** With more instances than this only their sum is drawn. */
const MAX_INSTANCES = 6;

/** A curve of one histogram. */
export interface PercentileCurve extends Omit<Series, "points"> {
  readonly histogram: Histogram;
}

/** Draws the curves of a run. */
export function percentileChart(text: ChartText, traffic: TrafficResult): Chart {
  const { instances } = traffic;
  const merged = (view: "corrected" | "raw") =>
    mergeHistograms(instances.map((instance) => instance.latency[view]));
  const single = instances.length > 1 && instances.length <= MAX_INSTANCES ? instances : [];
  return drawPercentiles(text, [
    ...single.map((instance, at) => ({
      name: instance.instance,
      colour: colourOf(at + 2),
      width: 1.3,
      histogram: mergeHistograms([instance.latency.corrected]),
    })),
    { name: "corrected (intended send)", colour: colourOf(0), width: 3, histogram: merged("corrected") },
    { name: "raw (actual send)", colour: colourOf(1), dash: dashes.dashed, histogram: merged("raw") },
  ]);
}

/** Draws any curves, such as those of two runs beside each other. */
export function drawPercentiles(text: ChartText, curves: readonly PercentileCurve[]): Chart {
  const series = curves.map(({ histogram, ...look }) => ({ ...look, points: pointsOf(histogram) }));
  const values = series.flatMap((one) => one.points.flatMap((point) => point.y ?? []));
  const nines = Math.max(1, ...series.map((one) => one.points.at(-1)?.x ?? 0));
  return drawChart(text, [{ x: ninesAxis(nines), y: latencyAxis("latency (log)", values), series }]);
}

/** Only as far as ten samples lie above. */
function pointsOf(histogram: Histogram): readonly Point[] {
  const steps = Array.from({ length: Math.round(MAX_NINES / STEP) + 1 }, (_, at) => at * STEP);
  return steps.map((nines) => ({ x: nines, y: percentileUs(histogram, percentOf(nines)) }))
    .filter((point) => point.y !== undefined);
}

function percentOf(nines: number): number {
  return 100 - 100 / 10 ** nines;
}

function ninesAxis(to: number): Axis {
  const half = Math.log10(2);
  return {
    title:
      "percentile (each step to the right is one nine more; a curve ends where fewer than ten samples lie above)",
    from: 0,
    to,
    ticks: [0, half, 1, 2, 3, 4, 5, 6],
    format: (nines) => nines === half ? "50 %" : `${Number(percentOf(nines).toFixed(4))} %`,
  };
}

/** Latency over time: average, median, minimum, maximum and percentiles of each second, on a logarithmic axis. */
import type { TrafficResult } from "../../engine/load_result.ts";
import type { LatencySummary } from "../../truth/histogram.ts";
import { type Chart, type ChartText, drawChart, visibleBands } from "./chart.ts";
import { dashes, inks } from "./palette.ts";
import type { Band, Range, Series } from "./panel.ts";
import { timeTitle } from "./throughput_chart.ts";
import { type TimeSlice, timeSlices } from "./time_slices.ts";
import { latencyAxis, timeAxis } from "./units.ts";

interface Look {
  readonly name: string;
  readonly field: keyof LatencySummary;
  readonly colour: string;
  readonly dash?: Series["dash"];
  readonly width?: number;
}

const LOOKS: readonly Look[] = [
  { name: "maximum", field: "maxUs", colour: "#000000", dash: dashes.dotted, width: 1.5 },
  { name: "p99.9", field: "p999Us", colour: "#cc79a7", dash: dashes.dashDot },
  { name: "p99", field: "p99Us", colour: "#d55e00" },
  { name: "p95", field: "p95Us", colour: "#e69f00", dash: dashes.dashed },
  { name: "average", field: "meanUs", colour: "#009e73", dash: dashes.dashDot },
  { name: "median", field: "p50Us", colour: "#0072b2", width: 3 },
  { name: "minimum", field: "minUs", colour: "#5f6368", dash: dashes.dotted, width: 1.5 },
];

/** Draws it. */
export function latencyChart(text: ChartText, traffic: TrafficResult, bands: readonly Band[]): Chart {
  const slices = timeSlices(traffic);
  const series = LOOKS.map((look) => seriesOf(look, slices)).filter(hasPoints);
  const ranges = rangesOf(slices);
  const values = series.flatMap((one) => one.points.flatMap((point) => point.y ?? []));
  const x = timeAxis(timeTitle(traffic), [Math.max(1, traffic.sendMs / 1_000)]);
  const y = latencyAxis("latency (log)", values);
  return drawChart(text, [{ x, y, series, ranges, bands: visibleBands(bands, x.from, x.to) }]);
}

function seriesOf(look: Look, slices: readonly TimeSlice[]): Series {
  const { field, ...rest } = look;
  return { ...rest, points: slices.map((slice) => ({ x: slice.middle, y: slice.latency[field] })) };
}

function hasPoints(series: Series): boolean {
  return series.points.some((point) => point.y !== undefined);
}

/** From minimum to maximum; a second without answers interrupts the surface. */
function rangesOf(slices: readonly TimeSlice[]): readonly Range[] {
  const runs: { x: number; low: number; high: number }[][] = [[]];
  for (const { middle, latency: { minUs, maxUs } } of slices) {
    if (minUs === undefined || maxUs === undefined) runs.push([]);
    else runs.at(-1)?.push({ x: middle, low: minUs, high: maxUs });
  }
  return runs.filter((points) => points.length > 1)
    .map((points) => ({ name: "minimum to maximum", colour: inks.faint, points }));
}

/** The numbers of the interactive time line, as data that the page's script draws. Pure. */
import { runBands } from "../charts/run_bands.ts";
import { colourOf } from "../charts/palette.ts";
import type { Band } from "../charts/panel.ts";
import { type TimeSlice, timeSlices } from "../charts/time_slices.ts";
import type { TrafficResult } from "../../engine/load_result.ts";
import type { RunReport } from "../run_report.ts";

/** One line; null where there is no number. */
export interface TimelineSeries {
  readonly name: string;
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
  readonly values: readonly (number | null)[];
}

/** What the page draws: all series share `times`, seconds since the first measured send. */
export interface TimelineData {
  readonly times: readonly number[];
  readonly bands: readonly Band[];
  readonly charts: readonly {
    readonly title: string;
    /** Microseconds on a logarithmic axis, else counts. */
    readonly isLatency: boolean;
    readonly series: readonly TimelineSeries[];
  }[];
}

const LATENCIES = [
  ["maximum", "maxUs", "#000000", [2, 4]],
  ["p99", "p99Us", "#d55e00", undefined],
  ["p95", "p95Us", "#e69f00", [8, 5]],
  ["average", "meanUs", "#009e73", [10, 4, 2, 4]],
  ["median", "p50Us", "#0072b2", undefined],
  ["minimum", "minUs", "#5f6368", [2, 4]],
] as const;

/** The time line of `report`; undefined when nothing was sent. */
export function timelineData(report: RunReport): TimelineData | undefined {
  const { traffic } = report.result;
  if (traffic === undefined || traffic.seconds.length === 0) return undefined;
  const slices = timeSlices(traffic);
  return {
    times: slices.map((slice) => slice.middle),
    bands: runBands(report, traffic.measuredFromMs),
    charts: [
      { title: "latency from the intended send", isLatency: true, series: latencySeries(slices) },
      { title: "messages per second", isLatency: false, series: rateSeries(traffic, slices) },
    ],
  };
}

function latencySeries(slices: readonly TimeSlice[]): readonly TimelineSeries[] {
  return LATENCIES.map(([name, field, colour, dash]) => ({
    name,
    colour,
    width: 2,
    ...(dash === undefined ? {} : { dash }),
    // A logarithmic axis has no place for zero.
    values: slices.map(({ latency }) => latency[field] === undefined ? null : Math.max(1, latency[field])),
  }));
}

function rateSeries(traffic: TrafficResult, slices: readonly TimeSlice[]): readonly TimelineSeries[] {
  const names = traffic.instances.map((row) => row.instance);
  return [
    { name: "sent", colour: "#222222", width: 1, dash: [8, 5], values: slices.map((one) => one.sentPerSec) },
    { name: "delivered", colour: "#222222", width: 2, values: slices.map((one) => one.receivedPerSec) },
    {
      name: "errors",
      colour: "#d55e00",
      width: 1,
      dash: [2, 4],
      values: slices.map((one) => one.errorsPerSec),
    },
    ...(names.length < 2 ? [] : names.map((name, at) => ({
      name,
      colour: colourOf(at),
      width: 1,
      values: timeSlices(traffic, name).map((one) => one.receivedPerSec),
    }))),
  ];
}

/** The measured phase in equal slices of whole seconds, few enough to draw, with histograms merged and not averaged. */
import type { SecondRow, TrafficResult } from "../../engine/load_result.ts";
import { type LatencySummary, mergeHistograms, summarize } from "../../truth/histogram.ts";

/** One slice. */
export interface TimeSlice {
  /** Seconds since the first measured send was due, at the middle of the slice. */
  readonly middle: number;
  readonly sentPerSec: number;
  readonly receivedPerSec: number;
  readonly errorsPerSec: number;
  /** Corrected, of what was received in it. */
  readonly latency: LatencySummary;
}

/** More points than this cannot be told apart on a chart. */
const MAX_SLICES = 400;

/** Length of the slices of `traffic`, whole seconds. */
export function sliceSeconds(traffic: TrafficResult): number {
  return Math.max(1, Math.ceil(lengthOf(traffic) / MAX_SLICES));
}

/** Whole seconds in which the plan sent: a last one that is cut off would look like a collapse. */
function lengthOf(traffic: TrafficResult): number {
  return Math.max(1, Math.floor(traffic.sendMs / 1_000 + 0.05));
}

/** The slices of one instance, or of all together. A second without any event is a zero, not a gap. */
export function timeSlices(traffic: TrafficResult, instance?: string): readonly TimeSlice[] {
  const step = sliceSeconds(traffic);
  const slices: SecondRow[][] = Array.from({ length: Math.ceil(lengthOf(traffic) / step) }, () => []);
  for (const row of traffic.seconds) {
    if (instance === undefined || row.instance === instance) slices[Math.floor(row.second / step)]?.push(row);
  }
  return slices.map((rows, at) => sliceOf(rows, at * step, Math.min(step, lengthOf(traffic) - at * step)));
}

function sliceOf(rows: readonly SecondRow[], from: number, seconds: number): TimeSlice {
  const perSec = (field: "sent" | "received" | "errors") =>
    rows.reduce((sum, row) => sum + row[field], 0) / seconds;
  return {
    middle: from + seconds / 2,
    sentPerSec: perSec("sent"),
    receivedPerSec: perSec("received"),
    errorsPerSec: perSec("errors"),
    latency: summarize(mergeHistograms(rows.map((row) => row.latency))),
  };
}

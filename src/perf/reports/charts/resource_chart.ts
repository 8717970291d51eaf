/** Memory, CPU and event-loop lag of each instance, second by second. */
import type { StatsSample } from "../../targets/stats_watch.ts";
import { type Chart, type ChartText, drawChart, visibleBands } from "./chart.ts";
import { colourOf, dashes } from "./palette.ts";
import type { Axis, Band, Panel, Series } from "./panel.ts";
import { amountAxis, bytesTick, latencyTick, timeAxis } from "./units.ts";

/** The samples of one process. */
export interface ResourceTrack {
  readonly name: string;
  readonly samples: readonly StatsSample[];
}

/** Tracks of equal instances lie on each other. */
const DASHES = [dashes.solid, dashes.dashed, dashes.dotted] as const;

type Field = "rssBytes" | "cpuPercent" | "lagMs";

/** Draws it; seconds count from the begin of the measured phase, `zeroMs` after the run's. */
export function resourceChart(
  text: ChartText,
  tracks: readonly ResourceTrack[],
  view: { readonly zeroMs: number; readonly bands: readonly Band[] },
): Chart {
  const times = tracks.flatMap((track) => track.samples.map((sample) => (sample.atMs - view.zeroMs) / 1_000));
  const x = timeAxis("time since the first measured send", times);
  const bands = visibleBands(view.bands, x.from, x.to);
  const panel = (field: Field, makeY: (values: readonly number[]) => Axis): Panel => {
    const series = tracks.map((track, at) => seriesOf(track, at, field, view.zeroMs));
    const values = series.flatMap((one) => one.points.flatMap((point) => point.y ?? []));
    return { x, y: makeY(values), series, bands, hasBandTexts: field === "rssBytes" };
  };
  return drawChart(text, [
    panel("rssBytes", (values) => bytesAxis("resident memory", values)),
    panel("cpuPercent", (values) => amountAxis("CPU, % of a core", [10, ...values], (value) => `${value} %`)),
    panel("lagMs", (values) => lagAxis(values)),
  ]);
}

function seriesOf(track: ResourceTrack, at: number, field: Field, zeroMs: number): Series {
  return {
    name: track.name,
    colour: colourOf(at),
    dash: DASHES[at % DASHES.length],
    points: track.samples.map((sample) => ({ x: (sample.atMs - zeroMs) / 1_000, y: sample[field] })),
  };
}

/** Steps of memory are powers of two, so that ticks read round. */
function bytesAxis(title: string, values: readonly number[]): Axis {
  const most = Math.max(16 * 1_048_576, ...values) * 1.05;
  const step = 2 ** Math.ceil(Math.log2(most / 5));
  const to = Math.ceil(most / step) * step;
  const ticks = Array.from({ length: to / step + 1 }, (_, at) => at * step);
  return { title, from: 0, to, ticks, format: bytesTick };
}

function lagAxis(values: readonly number[]): Axis {
  return amountAxis("event-loop lag", values, (ms) => ms === 0 ? "0" : latencyTick(ms * 1_000));
}

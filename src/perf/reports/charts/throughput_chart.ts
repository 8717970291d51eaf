/** Messages per second that were sent to and delivered by each instance, second by second. */
import type { TrafficResult } from "../../engine/load_result.ts";
import { type Chart, type ChartText, drawChart, type LegendEntry, visibleBands } from "./chart.ts";
import { colourOf, dashes, inks } from "./palette.ts";
import type { Band, Series } from "./panel.ts";
import { sliceSeconds, timeSlices } from "./time_slices.ts";
import { amountAxis, countTick, timeAxis } from "./units.ts";

/** With more instances than this, single lines cannot be told apart. */
const MAX_INSTANCES = 8;

/** Draws it. */
export function throughputChart(text: ChartText, traffic: TrafficResult, bands: readonly Band[]): Chart {
  const names = traffic.instances.map((instance) => instance.instance);
  const shown = names.length <= MAX_INSTANCES ? names : [undefined];
  const series = shown.flatMap((name, at) => linesOf(traffic, name, at));
  const values = series.flatMap((one) => one.points.flatMap((point) => point.y ?? []));
  const x = timeAxis(timeTitle(traffic), [Math.max(1, traffic.sendMs / 1_000)]);
  return drawChart(
    text,
    [{
      x,
      y: amountAxis("messages per second", values, countTick),
      series,
      bands: visibleBands(bands, x.from, x.to),
    }],
    legendOf(series),
  );
}

/** The title of an axis over the measured phase. */
export function timeTitle(traffic: TrafficResult): string {
  const step = sliceSeconds(traffic);
  const each = step === 1 ? "" : `; each point is ${step} s`;
  return `time since the first measured send${each}`;
}

function linesOf(traffic: TrafficResult, instance: string | undefined, at: number): readonly Series[] {
  const slices = timeSlices(traffic, instance);
  const name = instance ?? `all ${traffic.instances.length} instances`;
  const colour = colourOf(at);
  return [
    // The wide pale line stays visible below its dashed twin where both are equal.
    { name, colour, width: 3, points: slices.map((slice) => ({ x: slice.middle, y: slice.receivedPerSec })) },
    {
      name: `${name} sent`,
      colour: inks.text,
      width: 1.3,
      dash: dashes.dashed,
      points: slices.map((slice) => ({ x: slice.middle, y: slice.sentPerSec })),
    },
  ];
}

function legendOf(series: readonly Series[]): readonly LegendEntry[] {
  const delivered = series.filter((_, at) => at % 2 === 0)
    .map(({ name, colour }) => ({ name, colour, kind: "line" } as const));
  return [
    ...delivered,
    { name: "solid: delivered", colour: inks.faint, kind: "line" },
    { name: "dashed: sent", colour: inks.text, kind: "line", dash: dashes.dashed },
  ];
}

/** Throughput by number of instances: measured points with their intervals, the fitted law with its band, the peak. */
import { type Chart, type ChartText, drawChart } from "./chart.ts";
import { colourOf, dashes, inks } from "./palette.ts";
import type { Band, Series } from "./panel.ts";
import { amountAxis, countTick } from "./units.ts";

/** What the chart shows; `perSec` of whatever the caption says. */
export interface ScalingCurve {
  readonly points: readonly {
    readonly instances: number;
    readonly perSec: number;
    readonly low: number;
    readonly high: number;
  }[];
  /** The fitted law, by number of instances; it ends where it may no longer be trusted. */
  readonly fit: readonly {
    readonly instances: number;
    readonly perSec: number;
    readonly low: number;
    readonly high: number;
  }[];
  /** Where throughput is largest, with its interval; undefined when there is no peak. */
  readonly peak: { readonly instances: number; readonly low: number; readonly high: number } | undefined;
  /** Title of the y axis. */
  readonly unit: string;
}

/** Draws it. */
export function scalingChart(text: ChartText, curve: ScalingCurve): Chart {
  const { points, fit } = curve;
  const last = Math.max(2, ...points.map((point) => point.instances), ...fit.map((one) => one.instances));
  const values = [...points.map((point) => point.high), ...fit.map((one) => one.high)];
  const x = {
    title: "instances",
    from: 0,
    to: last,
    ticks: Array.from({ length: last + 1 }, (_, at) => at),
    format: String,
  };
  return drawChart(text, [{
    x,
    y: amountAxis(curve.unit, values, countTick),
    series: seriesOf(curve, Math.max(1, ...values)),
    ranges: [{
      name: "95 % of the fit",
      colour: colourOf(0),
      points: fit.map(({ instances, low, high }) => ({ x: instances, low, high })),
    }],
    bands: peakBands(curve, last),
  }]);
}

function seriesOf({ points, fit }: ScalingCurve, most: number): readonly Series[] {
  return [
    ...linearOf(points, most),
    {
      name: "fitted law",
      colour: colourOf(0),
      points: fit.map(({ instances, perSec }) => ({ x: instances, y: perSec })),
    },
    {
      name: "measured, 95 % interval",
      colour: inks.text,
      points: points.flatMap(({ instances, low, high }) => [
        { x: instances, y: low },
        { x: instances, y: high },
        { x: instances, y: undefined },
      ]),
    },
    {
      name: "measured, median",
      colour: colourOf(1),
      isScatter: true,
      points: points.map(({ instances, perSec }) => ({ x: instances, y: perSec })),
    },
  ];
}

/** What the smallest cluster would promise if nothing were shared, up to the top of the chart. */
function linearOf(points: ScalingCurve["points"], most: number): readonly Series[] {
  const [first] = points.toSorted((a, b) => a.instances - b.instances);
  const last = Math.max(0, ...points.map((point) => point.instances));
  if (first === undefined || first.perSec <= 0) return [];
  const each = first.perSec / first.instances;
  const to = Math.min(last, most / each);
  const ends = [{ x: 0, y: 0 }, { x: to, y: each * to }];
  return [{ name: "linear", colour: inks.axis, dash: dashes.dashed, width: 1.5, points: ends }];
}

function peakBands({ peak }: ScalingCurve, last: number): readonly Band[] {
  if (peak === undefined || peak.low > last) return [];
  const text = `peak at ${peak.instances.toFixed(1)} [${peak.low.toFixed(1)}, ${peak.high.toFixed(1)}]`;
  return [{ from: peak.low, to: Math.min(last, peak.high), text, colour: inks.mark }];
}

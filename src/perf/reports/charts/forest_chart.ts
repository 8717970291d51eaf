/** Ratios of two subjects with their intervals, one row per measure, beside the noise of the machine itself. */
import { type Chart, CHART_WIDTH, type ChartText, drawHead } from "./chart.ts";
import { colourOf, inks } from "./palette.ts";
import { type Axis, type Scale, scaleOf, ticksOf } from "./panel.ts";
import { element, fitText, label, svgDocument } from "./svg.ts";

/** One measure: B by A. */
export interface ForestRow {
  readonly name: string;
  readonly ratio: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
  /** Whether larger is better; it decides on which side of 1 the row is good. */
  readonly isLargerBetter: boolean;
  /** Interval of the same measure when A was compared with itself. */
  readonly noise: { readonly low: number; readonly high: number } | undefined;
  /** Ratio of each pair of rounds. */
  readonly rounds: readonly number[];
}

const LEFT = 230;
const RIGHT = 330;
const TOP = 100;
const ROW = 56;

/** Draws the rows from top to bottom. */
export function forestChart(text: ChartText, rows: readonly ForestRow[]): Chart {
  const bottom = TOP + Math.max(1, rows.length) * ROW;
  const axis = ratioAxis(rows);
  const x = scaleOf(axis, LEFT, CHART_WIDTH - RIGHT);
  const children = [
    ...drawHead(text),
    ...drawRatios(axis, x, bottom),
    ...rows.flatMap((row, at) => drawRow(row, x, TOP + (at + 0.5) * ROW)),
    ...drawNote(bottom + 62),
  ];
  const size = { width: CHART_WIDTH, height: bottom + 80 };
  return { name: text.name, title: text.title, svg: svgDocument(size, text.title, children) };
}

/** Even in both directions, so that twice and half lie equally far from 1. */
function ratioAxis(rows: readonly ForestRow[]): Axis {
  const values = rows.flatMap((row) => [row.low, row.high, row.ratio, ...row.rounds]).filter((one) =>
    one > 0
  );
  const reach = Math.max(1.1, ...values, ...values.map((value) => 1 / value)) * 1.05;
  const ticks = [1, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100].filter((one) => one <= reach);
  return {
    title: "ratio B / A (log)",
    from: 1 / reach,
    to: reach,
    isLog: true,
    ticks: [...ticks.toReversed().map((one) => 1 / one), ...ticks.slice(1)],
    format: (ratio) => `${Number(ratio.toPrecision(3))} ×`,
  };
}

function drawRatios(axis: Axis, x: Scale, bottom: number): readonly string[] {
  const shown: number[] = [1];
  for (const tick of ticksOf(axis, 10).toSorted((a, b) => Math.abs(Math.log(a)) - Math.abs(Math.log(b)))) {
    if (shown.every((other) => Math.abs(x(other) - x(tick)) > 56)) shown.push(tick);
  }
  return [
    ...shown.flatMap((ratio) => [
      element("line", {
        x1: x(ratio),
        x2: x(ratio),
        y1: TOP,
        y2: bottom,
        stroke: ratio === 1 ? inks.text : inks.grid,
        "stroke-width": ratio === 1 ? 1.5 : 1,
      }),
      label(x(ratio), bottom + 20, axis.format(ratio), { size: 12, anchor: "middle", colour: inks.faint }),
    ]),
    label((LEFT + CHART_WIDTH - RIGHT) / 2, bottom + 40, axis.title, {
      size: 12,
      anchor: "middle",
      colour: inks.faint,
    }),
  ];
}

function drawRow(row: ForestRow, x: Scale, y: number): readonly string[] {
  const isDifferent = row.low > 1 || row.high < 1;
  const colour = isDifferent ? colourOf(0) : inks.axis;
  return [
    label(LEFT - 16, y + 5, fitText(row.name, LEFT - 40, 13), { anchor: "end" }),
    ...drawNoise(row, x, y),
    ...row.rounds.map((ratio) =>
      element("circle", { cx: x(ratio), cy: y + 14, r: 2.5, fill: inks.faint, opacity: 0.6 })
    ),
    element("line", { x1: x(row.low), x2: x(row.high), y1: y, y2: y, stroke: colour, "stroke-width": 4 }),
    element("rect", { x: x(row.ratio) - 6, y: y - 6, width: 12, height: 12, fill: colour }),
    label(CHART_WIDTH - RIGHT + 24, y + 5, rowText(row), { size: 13 }),
  ];
}

function drawNoise({ noise }: ForestRow, x: Scale, y: number): readonly string[] {
  if (noise === undefined) return [];
  return [
    element("rect", {
      x: x(noise.low),
      y: y - 18,
      width: Math.max(2, x(noise.high) - x(noise.low)),
      height: 36,
      fill: inks.throttle,
      opacity: 0.25,
    }),
  ];
}

function rowText(row: ForestRow): string {
  const { ratio, low, high } = row;
  const isBeyondNoise = row.noise === undefined || ratio < row.noise.low || ratio > row.noise.high;
  const isDifferent = (low > 1 || high < 1) && isBeyondNoise;
  const word = !isDifferent ? "no difference" : (ratio > 1) === row.isLargerBetter ? "better" : "worse";
  return `× ${ratio.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}] ${word}`;
}

function drawNote(y: number): readonly string[] {
  const text = "square: median of the rounds; line: 95 % interval; dots: rounds; shaded: A against itself";
  return [label(LEFT, y, text, { size: 12, colour: inks.faint })];
}

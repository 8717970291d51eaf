/** One plot with its axes, grid, bands and series, inside a rectangle of a chart. Pure. */
// d3-scale and d3-shape: nice ticks and paths with gaps, without a DOM.
import { scaleLinear, scaleLog } from "d3-scale";
import { area, curveStepAfter, line } from "d3-shape";
import { type dashes, inks } from "./palette.ts";
import { element, fitText, label, textWidth } from "./svg.ts";

/** A value over x; undefined leaves a gap. */
export interface Point {
  readonly x: number;
  readonly y: number | undefined;
}

/** One line of a plot. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly Point[];
  readonly dash?: (typeof dashes)[keyof typeof dashes];
  /** Pixels; 2 when left out. */
  readonly width?: number;
  /** Holds a value until the next one, for counts. */
  readonly isStepped?: boolean;
  /** Draws the points themselves and no line. */
  readonly isScatter?: boolean;
}

/** A surface between two values, such as minimum and maximum or an interval. */
export interface Range {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly { readonly x: number; readonly low: number; readonly high: number }[];
}

/** A stretch of x in which something outside the measurement happened. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly colour: string;
}

/** Where one axis begins and ends, and how its values read. */
export interface Axis {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly format: (value: number) => string;
  /** Powers of ten apart instead of equal steps; `from` is then above 0. */
  readonly isLog?: boolean;
  /** Instead of ticks of our choice. */
  readonly ticks?: readonly number[];
}

/** A plot. */
export interface Panel {
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly ranges?: readonly Range[];
  readonly bands?: readonly Band[];
  /** False in the lower one of two plots with the same bands. */
  readonly hasBandTexts?: boolean;
}

/** Where a plot goes, in pixels; axes are written outside of it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A position for a value. */
export type Scale = (value: number) => number;

/** The scale of `axis` over pixels `from` to `to`. Values outside are put on its ends. */
export function scaleOf(axis: Axis, from: number, to: number): Scale {
  const span = axis.to > axis.from ? [axis.from, axis.to] : [axis.from, axis.from + 1];
  const scale = (axis.isLog === true ? scaleLog() : scaleLinear()).domain(span).range([from, to]).clamp(true);
  return (value) => scale(value);
}

/** Draws the plot. */
export function drawPanel(panel: Panel, box: Box): readonly string[] {
  const x = scaleOf(panel.x, box.left, box.left + box.width);
  const y = scaleOf(panel.y, box.top + box.height, box.top);
  const bands = panel.bands ?? [];
  return [
    ...bands.flatMap((band) => drawBand(band, x, box)),
    ...drawY(panel.y, y, box),
    ...drawX(panel.x, x, box),
    ...(panel.ranges ?? []).map((range) => drawRange(range, x, y)),
    ...panel.series.flatMap((series) => drawSeries(series, x, y)),
    ...(panel.hasBandTexts === false ? [] : drawBandTexts(bands, x, box)),
  ];
}

function drawBand(band: Band, x: Scale, box: Box): readonly string[] {
  const [left, right] = [x(band.from), x(band.to)];
  return [
    element("rect", {
      x: left,
      y: box.top,
      width: Math.max(2, right - left),
      height: box.height,
      fill: band.colour,
      opacity: 0.16,
    }),
    element("line", {
      x1: left,
      x2: left,
      y1: box.top,
      y2: box.top + box.height,
      stroke: band.colour,
      "stroke-dasharray": "3 3",
    }),
  ];
}

const MAX_BAND_TEXTS = 8;

/** On top of all lines, with a halo; to the left of the band where there is no room to its right. */
function drawBandTexts(bands: readonly Band[], x: Scale, box: Box): readonly string[] {
  return bands.slice(0, MAX_BAND_TEXTS).map((band, at) => {
    const text = fitText(band.text, box.width / 2, 11);
    const isRight = x(band.from) + textWidth(text, 11) + 6 < box.left + box.width;
    return label(isRight ? x(band.from) + 5 : x(band.from) - 5, box.top + 14 + 15 * at, text, {
      size: 11,
      colour: inks.text,
      anchor: isRight ? "start" : "end",
      hasHalo: true,
    });
  });
}

function drawY(axis: Axis, y: Scale, box: Box): readonly string[] {
  const right = box.left + box.width;
  const rows = spread(ticksOf(axis, Math.max(2, box.height / 60)), y, 17);
  return [
    ...rows.flatMap((value) => [
      element("line", { x1: box.left, x2: right, y1: y(value), y2: y(value), stroke: inks.grid }),
      label(box.left - 8, y(value) + 4, axis.format(value), {
        size: 12,
        anchor: "end",
        colour: inks.faint,
      }),
    ]),
    label(box.left - 70, box.top + box.height / 2, axis.title, {
      size: 12,
      anchor: "middle",
      colour: inks.faint,
      turn: -90,
    }),
  ];
}

function drawX(axis: Axis, x: Scale, box: Box): readonly string[] {
  const bottom = box.top + box.height;
  const texts = ticksOf(axis, box.width / 110);
  const widest = Math.max(20, ...texts.map((value) => textWidth(axis.format(value), 12)));
  const columns = spread(texts, x, widest + 10);
  return [
    element("line", {
      x1: box.left,
      x2: box.left + box.width,
      y1: bottom,
      y2: bottom,
      stroke: inks.axis,
    }),
    ...columns.flatMap((value) => [
      element("line", { x1: x(value), x2: x(value), y1: bottom, y2: bottom + 5, stroke: inks.axis }),
      label(x(value), bottom + 20, axis.format(value), { size: 12, anchor: "middle", colour: inks.faint }),
    ]),
    label(box.left + box.width / 2, bottom + 40, axis.title, {
      size: 12,
      anchor: "middle",
      colour: inks.faint,
    }),
  ];
}

/** Ticks inside the axis. */
export function ticksOf(axis: Axis, about: number): readonly number[] {
  const isInside = (value: number) => value >= axis.from && value <= axis.to;
  if (axis.ticks !== undefined) return axis.ticks.filter(isInside);
  if (axis.isLog !== true) return scaleLinear().domain([axis.from, axis.to]).ticks(about);
  const powers = decades(axis.from, axis.to);
  const span = Math.log10(axis.to / axis.from);
  const steps = span > 4.5 ? [1] : span > 1.5 ? [1, 3] : [1, 2, 5];
  return powers.flatMap((power) => steps.map((step) => step * power)).filter(isInside);
}

function decades(from: number, to: number): readonly number[] {
  const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
  return Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
}

/** Leaves out what would lie closer than `gap` pixels to the one before. */
function spread(values: readonly number[], scale: Scale, gap: number): readonly number[] {
  const kept: number[] = [];
  for (const value of values) {
    const last = kept.at(-1);
    if (last === undefined || Math.abs(scale(value) - scale(last)) >= gap) kept.push(value);
  }
  return kept;
}

function drawRange(range: Range, x: Scale, y: Scale): string {
  const path = area<Range["points"][number]>().digits(2)
    .x((point) => x(point.x)).y0((point) => y(point.low)).y1((point) => y(point.high));
  return element("path", { d: path([...range.points]) ?? "", fill: range.colour, opacity: 0.18 });
}

function drawSeries(series: Series, x: Scale, y: Scale): readonly string[] {
  const { colour, width = 2, dash, points } = series;
  if (series.isScatter === true) return points.flatMap((point) => dot(point, colour, 4, x, y));
  const path = line<Point>().digits(2).defined((point) => point.y !== undefined)
    .x((point) => x(point.x)).y((point) => y(point.y ?? 0));
  if (series.isStepped === true) path.curve(curveStepAfter);
  const stroke = element("path", {
    d: path([...points]) ?? "",
    fill: "none",
    stroke: colour,
    "stroke-width": width,
    "stroke-dasharray": dash,
    "stroke-linejoin": "round",
  });
  return [stroke, ...lonely(points).flatMap((point) => dot(point, colour, width + 1, x, y))];
}

/** A point between two gaps has no line to be seen by. */
function lonely(points: readonly Point[]): readonly Point[] {
  return points.filter((point, at) =>
    point.y !== undefined && points[at - 1]?.y === undefined && points[at + 1]?.y === undefined
  );
}

function dot(point: Point, colour: string, radius: number, x: Scale, y: Scale): readonly string[] {
  if (point.y === undefined) return [];
  return [element("circle", { cx: x(point.x), cy: y(point.y), r: radius, fill: colour })];
}

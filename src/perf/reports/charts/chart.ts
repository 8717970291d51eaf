/** A chart: title, caption, stamp, legend and one or more plots above each other. Pure. */
import { type Band, drawPanel, type Panel, type Range, type Series } from "./panel.ts";
import { inks } from "./palette.ts";
import { element, fitText, label, svgDocument, textWidth } from "./svg.ts";

/** A drawing with the name of its file. */
export interface Chart {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

/** What stands around the plots. */
export interface ChartText {
  readonly name: string;
  readonly title: string;
  /** What is shown and how to read it, one sentence. */
  readonly caption: string;
  /** Verdict of the run, so that a picture that travels alone does not claim more than its run. */
  readonly stamp: string;
}

/** Pixels of every chart; those with several plots are higher. */
export const CHART_WIDTH = 1400;
const CHART_HEIGHT = 500;
const LEFT = 110;
const RIGHT = 250;
const TOP = 84;
const BOTTOM = 56;
/** From the bottom of one plot to the top of the next. */
const BETWEEN = 64;
const PANEL_HEIGHT = 190;
const MAX_LEGEND_ROWS = 18;

/** An entry of the legend. */
export interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  readonly kind: "line" | "range" | "dot";
  readonly dash?: string | undefined;
}

/** Draws `panels`; their legend names each series once. */
export function drawChart(
  text: ChartText,
  panels: readonly Panel[],
  legend: readonly LegendEntry[] = legendOf(panels),
): Chart {
  const isSingle = panels.length === 1;
  const plotHeight = isSingle ? CHART_HEIGHT - TOP - BOTTOM : PANEL_HEIGHT;
  const height = TOP + panels.length * plotHeight + (panels.length - 1) * BETWEEN + BOTTOM;
  const width = CHART_WIDTH - LEFT - RIGHT;
  const plots = panels.flatMap((panel, at) =>
    drawPanel(panel, { left: LEFT, top: TOP + at * (plotHeight + BETWEEN), width, height: plotHeight })
  );
  const children = [...drawHead(text), ...drawLegend(legend, CHART_WIDTH - RIGHT + 24), ...plots];
  const svg = svgDocument({ width: CHART_WIDTH, height }, text.title, children);
  return { name: text.name, title: text.title, svg };
}

/** Title, caption and stamp. */
export function drawHead(text: ChartText): readonly string[] {
  const stamp = fitText(text.stamp, 460, 13);
  const isGood = text.stamp.startsWith("PASS");
  return [
    label(24, 34, text.title, { size: 20, isBold: true, colour: inks.text }),
    label(24, 58, fitText(text.caption, CHART_WIDTH - 48, 13), { size: 13, colour: inks.faint }),
    element("rect", {
      x: CHART_WIDTH - 40 - textWidth(stamp, 13),
      y: 14,
      width: textWidth(stamp, 13) + 20,
      height: 26,
      rx: 4,
      fill: isGood ? "#e6f4ee" : "#fff1e5",
      stroke: isGood ? "#009e73" : inks.failure,
    }),
    label(CHART_WIDTH - 30 - textWidth(stamp, 13) / 2, 32, stamp, { size: 13, anchor: "middle" }),
  ];
}

function legendOf(panels: readonly Panel[]): readonly LegendEntry[] {
  const entries = panels.flatMap((panel) => [
    ...panel.series.map(seriesEntry),
    ...(panel.ranges ?? []).map(rangeEntry),
  ]);
  return entries.filter((entry, at) => entries.findIndex((other) => other.name === entry.name) === at);
}

/** The entry of a series. */
export function seriesEntry(series: Series): LegendEntry {
  const { name, colour, dash } = series;
  return { name, colour, dash, kind: series.isScatter === true ? "dot" : "line" };
}

function rangeEntry(range: Range): LegendEntry {
  return { name: range.name, colour: range.colour, kind: "range" };
}

function drawLegend(entries: readonly LegendEntry[], left: number): readonly string[] {
  const shown = entries.slice(0, MAX_LEGEND_ROWS);
  const more = entries.length - shown.length;
  return [
    ...shown.flatMap((entry, at) => drawEntry(entry, left, TOP + 10 + at * 20)),
    ...(more === 0
      ? []
      : [label(left, TOP + 14 + shown.length * 20, `and ${more} more`, { colour: inks.faint })]),
  ];
}

function drawEntry(entry: LegendEntry, left: number, y: number): readonly string[] {
  return [
    legendMark(entry, left, y),
    label(left + 34, y + 4, fitText(entry.name, RIGHT - 64, 12), { size: 12 }),
  ];
}

function legendMark({ kind, colour, dash }: LegendEntry, left: number, y: number): string {
  if (kind === "dot") return element("circle", { cx: left + 13, cy: y, r: 4, fill: colour });
  if (kind === "range") {
    return element("rect", { x: left, y: y - 6, width: 26, height: 12, fill: colour, opacity: 0.3 });
  }
  return element("line", {
    x1: left,
    x2: left + 26,
    y1: y,
    y2: y,
    stroke: colour,
    "stroke-width": 3,
    "stroke-dasharray": dash,
  });
}

/** Bands cut to what an axis from `from` to `to` shows. */
export function visibleBands(bands: readonly Band[], from: number, to: number): readonly Band[] {
  return bands.filter((band) => band.to >= from && band.from <= to).map((band) => ({
    ...band,
    from: Math.max(from, band.from),
    to: Math.min(to, band.to),
  }));
}

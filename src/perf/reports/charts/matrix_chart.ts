/** Latency from every instance to every instance, as a heatmap of medians beside one of 99th percentiles. */
import type { CrossDigest } from "../../truth/digest.ts";
import { formatUs } from "../../units.ts";
import { type Chart, CHART_WIDTH, type ChartText, drawHead } from "./chart.ts";
import { heatOf, inks } from "./palette.ts";
import { shortNames } from "./short_names.ts";
import { element, label, svgDocument } from "./svg.ts";

type Cells = Pick<CrossDigest, "rows">;
type Field = "p50Us" | "p99Us";

const TOP = 150;
const LEFT = 170;
const HALF = CHART_WIDTH / 2;
const GRID_WIDTH = HALF - LEFT - 30;
const MAX_CELL_HEIGHT = 70;
const MAX_GRID_HEIGHT = 520;

/** Draws it. */
export function matrixChart(text: ChartText, cross: Cells): Chart {
  const names = [...new Set(cross.rows.map((row) => row.from))];
  const cellHeight = Math.min(MAX_CELL_HEIGHT, MAX_GRID_HEIGHT / names.length);
  const height = TOP + cellHeight * names.length + 70;
  const children = [
    ...drawHead(text),
    ...drawMatrix(cross, names, { left: LEFT, cellHeight, field: "p50Us", title: "median" }),
    ...drawMatrix(cross, names, { left: HALF + LEFT, cellHeight, field: "p99Us", title: "p99" }),
  ];
  return {
    name: text.name,
    title: text.title,
    svg: svgDocument({ width: CHART_WIDTH, height }, text.title, children),
  };
}

interface MatrixPlace {
  readonly left: number;
  readonly cellHeight: number;
  readonly field: Field;
  readonly title: string;
}

function drawMatrix(cross: Cells, names: readonly string[], place: MatrixPlace): readonly string[] {
  const { left, cellHeight, field } = place;
  const cellWidth = GRID_WIDTH / names.length;
  const valueOf = (from: string, to: string) =>
    cross.rows.find((row) => row.from === from && row.to === to)?.latency.corrected[field];
  const values = cross.rows.flatMap((row) => row.latency.corrected[field] ?? []);
  const shareOf = shareWithin(values);
  const [columnNames, rowNames] = [shortNames(names, cellWidth - 4, 12), shortNames(names, LEFT - 24, 12)];
  return [
    label(left + GRID_WIDTH / 2, TOP - 46, place.title, { size: 15, isBold: true, anchor: "middle" }),
    label(left + GRID_WIDTH / 2, TOP - 28, "to", { size: 12, colour: inks.faint, anchor: "middle" }),
    label(left - 12, TOP - 10, "from", { size: 12, colour: inks.faint, anchor: "end" }),
    ...names.flatMap((name, at) => [
      label(left + (at + 0.5) * cellWidth, TOP - 10, columnNames[at] ?? name, {
        size: 12,
        anchor: "middle",
      }),
      label(left - 12, TOP + (at + 0.5) * cellHeight + 4, rowNames[at] ?? name, {
        size: 12,
        anchor: "end",
      }),
    ]),
    ...names.flatMap((from, row) =>
      names.flatMap((to, column) => {
        const box = { left: left + column * cellWidth, top: TOP + row * cellHeight };
        return drawCell(valueOf(from, to), shareOf, { ...box, cellWidth, cellHeight, isLocal: from === to });
      })
    ),
    ...drawKey(values, left, TOP + cellHeight * names.length + 30),
  ];
}

interface CellPlace {
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly isLocal: boolean;
}

function drawCell(
  us: number | undefined,
  shareOf: (us: number) => number,
  place: CellPlace,
): readonly string[] {
  const { left, top, cellWidth, cellHeight, isLocal } = place;
  const { fill, ink } = us === undefined ? { fill: "#f3f3f3", ink: inks.faint } : heatOf(shareOf(us));
  const size = Math.min(15, cellWidth / 5, cellHeight * 0.6);
  return [
    element("rect", {
      x: left + 1.5,
      y: top + 1.5,
      width: cellWidth - 3,
      height: cellHeight - 3,
      fill,
      stroke: isLocal ? inks.failure : undefined,
      "stroke-width": isLocal ? 2.5 : undefined,
    }),
    label(left + cellWidth / 2, top + cellHeight / 2 + size * 0.36, formatUs(us), {
      size,
      colour: ink,
      anchor: "middle",
    }),
  ];
}

/** Values closer together than this are the same to the eye: noise gets no contrast. */
const MIN_SPREAD = 1.5;

function spanOf(values: readonly number[]): { readonly low: number; readonly high: number } {
  const low = Math.max(1, Math.min(...values));
  return { low, high: Math.max(low * MIN_SPREAD, ...values) };
}

/** Place between the smallest and largest value, by ratio. */
function shareWithin(values: readonly number[]): (us: number) => number {
  const { low, high } = spanOf(values);
  return (us) => Math.log(Math.max(1, us) / low) / Math.log(high / low);
}

const KEY_STEPS = 40;
const KEY_WIDTH = 200;

function drawKey(values: readonly number[], left: number, top: number): readonly string[] {
  if (values.length === 0) return [];
  const step = KEY_WIDTH / KEY_STEPS;
  const { low, high } = spanOf(values);
  return [
    label(left - 8, top + 11, formatUs(low), { size: 12, anchor: "end", colour: inks.faint }),
    ...Array.from({ length: KEY_STEPS }, (_, at) =>
      element("rect", {
        x: left + at * step,
        y: top,
        width: step + 0.5,
        height: 14,
        fill: heatOf(at / (KEY_STEPS - 1)).fill,
      })),
    label(left + KEY_WIDTH + 8, top + 11, `${formatUs(high)} (log)`, { size: 12, colour: inks.faint }),
    element("rect", {
      x: left + KEY_WIDTH + 130,
      y: top,
      width: 16,
      height: 14,
      fill: "none",
      stroke: inks.failure,
      "stroke-width": 2.5,
    }),
    label(left + KEY_WIDTH + 154, top + 11, "same instance", { size: 12, colour: inks.faint }),
  ];
}

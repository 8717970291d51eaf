/** How connections came about: what the plan wanted, what stood, what failed. */
import type { ConnectResult, RampRow } from "../../engine/load_result.ts";
import { type Chart, type ChartText, drawChart, visibleBands } from "./chart.ts";
import { colourOf, dashes, inks } from "./palette.ts";
import type { Band, Series } from "./panel.ts";
import { amountAxis, countTick, timeAxis } from "./units.ts";

/** Draws it. */
export function rampChart(text: ChartText, connect: ConnectResult, bands: readonly Band[]): Chart {
  const took = connect.tookMs / 1_000;
  const x = timeAxis("time since connecting began", [Math.max(took, 0.1)]);
  const axis = { ...x, to: Math.max(took, 0.1) };
  const y = amountAxis("connections", [connect.asked], countTick);
  const line = (field: "asked" | "open" | "failed"): Series["points"] => pointsOf(connect.ramp, took, field);
  const series: readonly Series[] = [
    { name: "open", colour: colourOf(0), width: 4, points: line("open") },
    { name: "asked by the plan", colour: inks.text, dash: dashes.dashed, points: line("asked") },
    { name: "failed", colour: inks.failure, dash: dashes.dotted, points: line("failed") },
  ];
  return drawChart(text, [{ x: axis, y, series, bands: visibleBands(bands, axis.from, axis.to) }]);
}

/** A row stands for the end of its second, the last one for the end of connecting. */
function pointsOf(
  rows: readonly RampRow[],
  took: number,
  field: "asked" | "open" | "failed",
): Series["points"] {
  const points = rows.map((row, at) => ({
    x: at === rows.length - 1 ? took : Math.min(took, row.second),
    y: row[field],
  }));
  return [{ x: 0, y: 0 }, ...points];
}

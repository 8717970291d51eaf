/** PNG charts, which a process of their own draws. */
import assert from "node:assert/strict";
import { drawChart } from "../src/perf/reports/charts/chart.ts";
import { renderPngs } from "../src/perf/reports/charts/png.ts";

Deno.test("renderPngs() draws letters with the font that comes along, the same at each call", async () => {
  const text = { name: "x", caption: "", stamp: "" };
  const panel = {
    x: { title: "", from: 0, to: 1, ticks: [], format: String },
    y: { title: "", from: 0, to: 1, ticks: [], format: String },
    series: [],
  };
  const [lettered, blank] = [
    drawChart({ ...text, title: "Title" }, [panel]),
    drawChart({ ...text, title: "" }, [panel]),
  ];
  const [one, again, empty] = await renderPngs([lettered.svg, lettered.svg, blank.svg]);
  assert.ok(one && again && empty);
  assert.deepEqual([...one.slice(1, 4)], [..."PNG"].map((letter) => letter.charCodeAt(0)));
  const header = new DataView(one.buffer, one.byteOffset);
  assert.deepEqual([header.getUint32(16), header.getUint32(20)], [1_400, 500]);
  assert.deepEqual(one, again);
  // Without a font the renderer leaves text out and says nothing.
  assert.ok(one.length > empty.length + 500, `${one.length} bytes with letters, ${empty.length} without`);
});

Deno.test("renderPngs() says why a drawing cannot be drawn", async () => {
  await assert.rejects(renderPngs(["<svg"]), { name: "PngError", message: /^Cannot draw PNG charts: .*SVG/ });
});

/** Tables in docs/ say what the code says: errors, close codes, metrics, endpoints. */
import assert from "node:assert/strict";
import { closeTable, errorTable, unsubscribeTable } from "../src/core/errors.ts";
import { VERSION } from "../src/core/version.ts";
import { metricTable } from "../src/metrics/mod.ts";
import denoJson from "../deno.json" with { type: "json" };

/** The cells of every table row of a page whose first cell matches. */
async function rowsOf(page: string, firstCell: RegExp): Promise<string[][]> {
  const text = await Deno.readTextFile(new URL(`../docs/${page}`, import.meta.url));
  const rows = text.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  return rows.filter(([first = ""]) => firstCell.test(first));
}

Deno.test("docs/errors.md names the errors and close codes of the code, and no others", async () => {
  const rows = await rowsOf("errors.md", /^\d+$/);
  const documented = rows.map(([code, name, text, flag]) => [Number(code), name, text, flag]);
  const errors = Object.entries(errorTable)
    .map(([name, row]) => [row.code, name, row.message, row.isTemporary ? "yes" : "no"]);
  const closes = Object.entries(closeTable)
    .map(([name, row]) => [row.code, name, row.reason, row.code < 3500 ? "yes" : "no"]);
  const unsubscribes = Object.entries(unsubscribeTable)
    .map(([name, row]) => [row.code, name, row.reason, row.code < 2500 ? "no" : "yes"]);
  assert.deepEqual(documented, [...errors, ...unsubscribes, ...closes]);
});

Deno.test("docs/metrics.md names the metrics of the code, and no others", async () => {
  const rows = await rowsOf("metrics.md", /^`/);
  const wanted = metricTable.map((row) => [`\`${row.name}\``, row.type, row.label ?? "", row.help]);
  assert.deepEqual(rows, wanted);
});

Deno.test("VERSION is the version of deno.json", () => {
  assert.equal(VERSION, denoJson.version);
});

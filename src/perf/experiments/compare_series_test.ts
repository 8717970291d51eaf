import assert from "node:assert/strict";
import { seriesFindings } from "./compare_series.ts";
import type { Findings } from "./findings.ts";

function findings(changes: Partial<Findings>): Findings {
  return {
    kind: "compare",
    word: "DONE",
    exitCode: 0,
    title: "",
    conclusion: "no different.",
    tables: [[["METRIC", "RATIO"], ["p50", "x1.0"]]],
    notes: ["shared"],
    charts: [{ name: "comparison", title: "", svg: "<svg/>" }],
    data: 1,
    ...changes,
  };
}

Deno.test("seriesFindings() puts all loads into one table, each chart under its load's name", () => {
  const parts = ["light", "heavy"].map((scenario) => ({ scenario, findings: findings({}) }));
  const { tables, charts, notes, conclusion, exitCode } = seriesFindings("t", parts);
  assert.deepEqual(tables, [[["LOAD", "METRIC", "RATIO"], ["light", "p50", "x1.0"], [
    "heavy",
    "p50",
    "x1.0",
  ]]]);
  assert.deepEqual(charts?.map((chart) => chart.name), ["comparison-light", "comparison-heavy"]);
  assert.deepEqual([notes, exitCode], [["shared"], 0]);
  assert.equal(conclusion, "light: no different. heavy: no different.");
});

Deno.test("seriesFindings() ends as its gravest load, and keeps what the others found", () => {
  const invalid = findings({
    word: "INVALID",
    exitCode: 4,
    tables: [],
    charts: [],
    conclusion: "No result.",
  });
  const lost = findings({ word: "FAIL", exitCode: 3, tables: [], charts: [], conclusion: "Lost." });
  const done = { scenario: "light", findings: findings({}) };
  const { word, exitCode, tables } = seriesFindings("t", [
    { scenario: "heavy", findings: invalid },
    { scenario: "stress", findings: lost },
    done,
  ]);
  assert.deepEqual([word, exitCode, tables[0]?.length], ["FAIL", 3, 2]);
  const mixed = seriesFindings("t", [{ scenario: "heavy", findings: invalid }, done]);
  assert.deepEqual([mixed.word, mixed.conclusion], [
    "INVALID",
    "heavy (INVALID): No result. light: no different.",
  ]);
});

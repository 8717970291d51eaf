import assert from "node:assert/strict";
import { goodResult, healthyGenerator, reportOf } from "./sample_run.ts";
import type { LoadResult } from "../engine/load_result.ts";
import { mergeHistograms } from "../truth/histogram.ts";
import { jsonReport } from "./report_json.ts";
import { markdownReport } from "./report_markdown.ts";
import { REPORT_FORMAT } from "./run_report.ts";
import { plainPalette, summaryLines } from "./summary.ts";

function invalidResult(): LoadResult {
  const { traffic } = goodResult;
  assert.ok(traffic);
  return { ...goodResult, traffic: { ...traffic, generators: [{ ...healthyGenerator, lateSends: 500 }] } };
}

Deno.test("summaryLines() puts the verdict first and stays within 100 columns", () => {
  const lines = summaryLines(reportOf(goodResult), ["reports/x/run.json", "reports/x/report.md"]);
  assert.match(lines[1] ?? "", /^ PASS {2}light · 2 instances · open 1000.0\/s · 10 conns · 2,000 msgs/);
  assert.deepEqual(lines.filter((line) => line.length > 100), []);
});

Deno.test("summaryLines() shows each account with its denominator", () => {
  const screen = summaryLines(reportOf(goodResult), []).join("\n");
  assert.match(screen, /SUCCESS {9}100.00%: 2,000 untouched answers of 2,000 tried/);
  assert.match(
    screen,
    /LEDGER {10}published 2,000 · expected 4,000 · received 4,000 · lost 0 · dup 0 · reordered 0\s+· late 0/,
  );
  assert.match(screen, /127.0.0.1:8080 +5 +500.0 +499.5 +2.0ms +2.0ms +2.0ms +n\/a +2.0ms +0 +31 +92 +1.1ms/);
  assert.match(screen, /cluster tax +\+2.0ms/);
});

Deno.test("summaryLines() gives an invalid run no headline", () => {
  const [, head = "", reason = ""] = summaryLines(reportOf(invalidResult()), []);
  assert.match(head, /INVALID\(generator-bound\).*no result can be claimed$/);
  assert.match(reason, /25.0% of the sends left over 4.2 ms late/);
});

Deno.test("jsonReport() carries histograms from which every percentile can be computed again", () => {
  const parsed = JSON.parse(jsonReport(reportOf(goodResult)));
  const [first] = parsed.result.traffic.instances;
  const again = mergeHistograms([first.latency.corrected]);
  assert.equal(again.totalCount, 1_000);
  assert.equal(parsed.format, REPORT_FORMAT);
});

Deno.test("markdownReport() says what an invalid run may not claim", () => {
  assert.match(markdownReport(reportOf(goodResult)), /^# PASS: light, 2 instances\n/);
  assert.match(markdownReport(reportOf(invalidResult())), /No result can be claimed/);
});

Deno.test("summaryLines() stays within a terminal of 62 columns", () => {
  const files = ["reports/x/run.json", "reports/x/report.md"];
  const lines = summaryLines(reportOf(goodResult), files, plainPalette, 62);
  assert.deepEqual(lines.filter((line) => line.length > 61), []);
  assert.match(lines.join("\n"), /INSTANCE .*p99/);
});

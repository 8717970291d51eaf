import assert from "node:assert/strict";
import { runCharts } from "../charts/run_charts.ts";
import { sampleReport } from "../charts/sample_report.ts";
import { htmlReport } from "./html_report.ts";

Deno.test("htmlReport() refers to nothing outside of itself", () => {
  const report = sampleReport();
  const html = htmlReport(report, runCharts(report)).replaceAll('xmlns="http://www.w3.org/2000/svg"', "");
  assert.deepEqual([...html.matchAll(/(?:src|href)\s*=\s*["'][^"']*["']/g)].map(([text]) => text), []);
  assert.equal(/@import|url\(/.test(html), false);
  assert.match(
    html,
    /Content-Security-Policy" content="default-src &#39;none&#39;;[^"]*script-src &#39;sha256-/,
  );
});

Deno.test("htmlReport() writes what servers say as text", () => {
  const report = sampleReport();
  const sample = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";
  const row = { class: "bad_payload", instance: sample, count: 1, firstMs: 0, lastMs: 0, sample } as const;
  const [first, ...others] = report.result.traffic?.outages ?? [];
  assert.ok(first && report.result.traffic);
  const traffic = { ...report.result.traffic, outages: [{ ...first, instance: sample }, ...others] };
  const html = htmlReport({ ...report, result: { ...report.result, traffic, errors: [row] } }, []);
  assert.equal(html.includes("<script>alert"), false);
  assert.equal(html.includes("<img"), false);
  assert.equal(html.match(/<script/g)?.length, 3);
});

Deno.test("htmlReport() of a run without traffic has no script at all", () => {
  const report = sampleReport();
  const result = { ...report.result, traffic: undefined };
  const html = htmlReport({ ...report, result, digest: { ...report.digest, traffic: undefined } }, []);
  assert.equal(html.includes("<script"), false);
  assert.match(html, /script-src &#39;none&#39;/);
});

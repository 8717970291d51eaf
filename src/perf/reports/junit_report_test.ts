import assert from "node:assert/strict";
import { sampleReport } from "./charts/sample_report.ts";
import { githubAnnotations, githubSummary } from "./github_report.ts";
import { junitReport } from "./junit_report.ts";
import { markdownReport } from "./report_markdown.ts";
import type { RunReport } from "./run_report.ts";

const HOSTILE = 'a<script>alert(1)</script>&"]]>|\n::error::b';

/** A report whose texts come from a server that means harm. */
function hostileReport(): RunReport {
  const report = sampleReport();
  const row = {
    class: "bad_payload",
    instance: HOSTILE,
    count: 1,
    firstMs: 0,
    lastMs: 0,
    sample: HOSTILE,
  } as const;
  const finding = { name: "correctness", text: HOSTILE } as const;
  const check = { text: "loss==0", metric: "loss", measured: HOSTILE, isKept: false };
  return {
    ...report,
    result: { ...report.result, errors: [row] },
    verdict: { ...report.verdict, word: "FAIL", findings: [finding], checks: [check] },
  };
}

Deno.test("junitReport() has a case for each demand and one for the run, with the reason of a fault", () => {
  const text = junitReport(sampleReport());
  assert.match(
    text,
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites tests="7" failures="0" errors="1">/,
  );
  assert.match(text, /<testcase classname="perf.light" name="rtt.p99&lt;50ms"\/>/);
  assert.match(text, /name="the run is valid"><error message="INVALID\(throttled\): connecting paused 0.2 s/);
});

Deno.test("junitReport() counts broken demands as failures and escapes what servers say", () => {
  const text = junitReport(hostileReport());
  assert.match(text, /<testsuites tests="2" failures="1" errors="0">/);
  assert.equal(text.includes("<script"), false);
});

Deno.test("githubAnnotations() say notice, warning or error", () => {
  const report = sampleReport();
  assert.match(
    githubAnnotations(report).join("\n"),
    /^::warning title=perf light%3A INVALID\(throttled\)::throttled: /,
  );
  const good = { ...report, verdict: { ...report.verdict, word: "PASS", findings: [] } } as const;
  assert.match(
    githubAnnotations(good).join("\n"),
    /^::notice title=perf light%3A PASS::rtt\.p99<50ms \(11\.8ms\), /,
  );
});

Deno.test("githubAnnotations() stay one line, whatever a server says", () => {
  const lines = githubAnnotations(hostileReport());
  assert.equal(lines.length, 1);
  assert.equal(lines.join("").includes("\n"), false);
  assert.match(lines[0] ?? "", /%0A::error::b$/);
});

Deno.test("markdownReport() keeps a hostile text in its cell, and githubSummary() has all of it", () => {
  const text = markdownReport(hostileReport(), ["latency.png"]);
  assert.match(text, /!\[latency\]\(latency\.png\)/);
  assert.equal(text.includes("<script"), false);
  assert.match(text, /\| bad_payload \| a&lt;script>.*\]\]>\\\| ::error::b \| 1 \|/);
  assert.match(githubSummary(sampleReport()), /^# INVALID: light, 2 instances/);
});

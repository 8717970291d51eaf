/** The run for test dashboards: one test case for each demand, and one for whether the run proves anything. Pure. */
import type { SloCheck } from "../truth/slo.ts";
import type { Finding } from "../truth/verdict.ts";
import { element, escapeMarkup } from "./charts/svg.ts";
import type { RunReport } from "./run_report.ts";
import { badgeText } from "./badge.ts";

interface Case {
  readonly name: string;
  /** A failure is a demand that was broken; an error is a run that can say nothing about it. */
  readonly fault?: { readonly kind: "failure" | "error"; readonly text: string } | undefined;
}

/** A whole JUnit document. */
export function junitReport(report: RunReport): string {
  const cases = [...report.verdict.checks.map(caseOfCheck), ...caseOfRun(report)];
  const count = (kind: "failure" | "error") => cases.filter((one) => one.fault?.kind === kind).length;
  const { scenario } = report.options;
  const counts = { tests: cases.length, failures: count("failure"), errors: count("error") };
  const seconds = ((report.result.traffic?.sendMs ?? 0) / 1_000).toFixed(3);
  const suite = element(
    "testsuite",
    { name: `perf ${scenario.name}`, ...counts, time: seconds, timestamp: report.startedAt },
    ...cases.map((one) => `\n${caseElement(one, scenario.name)}`),
    "\n",
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", counts, `\n${suite}\n`)}\n`;
}

function caseOfCheck({ text, measured, isKept }: SloCheck): Case {
  if (isKept === true) return { name: text };
  const fault = isKept === false
    ? { kind: "failure", text: `measured ${measured}` } as const
    : { kind: "error", text: `cannot be judged: ${measured}` } as const;
  return { name: text, fault };
}

function caseOfRun({ verdict }: RunReport): readonly Case[] {
  const isDemand = (finding: Finding) => finding.name === "slo" || finding.name === "correctness";
  const findings = verdict.findings.filter((finding) => !isDemand(finding));
  const fault = findings.length === 0 ? undefined : {
    kind: "error",
    text: `${badgeText(verdict)}: ${findings.map((finding) => finding.text).join("; ")}`,
  } as const;
  return [{ name: "the run is valid", fault }];
}

function caseElement({ name, fault }: Case, scenario: string): string {
  const attributes = { classname: `perf.${scenario}`, name };
  if (fault === undefined) return element("testcase", attributes);
  return element(
    "testcase",
    attributes,
    element(fault.kind, { message: fault.text }, escapeMarkup(fault.text)),
  );
}

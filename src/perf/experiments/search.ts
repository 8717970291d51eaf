/** `perf search`: the largest rate, or number of connections, at which all demands are kept. */
import { measureTargets, type PerfWorld, type RunRequest } from "../measure.ts";
import type { RunReport } from "../reports/run_report.ts";
import type { ChosenTargets } from "../targets/targets.ts";
import {
  nextProbe,
  type Probe,
  type ProbeAnswer,
  type SearchPlan,
  type SearchResult,
  searchResult,
} from "./search_plan.ts";

/** What is raised. */
export type SearchBy = "rate" | "connections";

/** How to look. */
export interface SearchRequest {
  readonly by: SearchBy;
  readonly plan: SearchPlan;
  /** The run that puts this load on. */
  readonly runAt: (load: number) => RunRequest;
  readonly isQuiet: boolean;
}

/** One load that was tried, with what was seen. */
export interface SearchProbe extends Probe {
  readonly isConfirming: boolean;
  readonly achievedPerSec: number | undefined;
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
  /** Why it did not hold; undefined when it did. */
  readonly why: string | undefined;
}

/** What came of it. */
export interface SearchOutcome {
  readonly by: SearchBy;
  readonly probes: readonly SearchProbe[];
  readonly result: SearchResult;
  readonly wasInterrupted: boolean;
}

/** Probes servers that are open already until the plan is done or the world ends it. `onRun` gets each report. */
export async function searchLimit(
  request: SearchRequest,
  chosen: ChosenTargets,
  world: PerfWorld,
  onRun: (report: RunReport) => Promise<void>,
): Promise<SearchOutcome> {
  const { by, plan } = request;
  const probes: SearchProbe[] = [];
  while (!world.signal.aborted) {
    const step = nextProbe(probes, plan);
    if (step.kind === "done") return { by, probes, result: step.result, wasInterrupted: false };
    const { load, isConfirming } = step;
    const report = await measureTargets(request.runAt(load), chosen, world);
    await onRun(report);
    if (world.signal.aborted) break;
    const probe = { load, isConfirming, ...readProbe(report) };
    probes.push(probe);
    if (!request.isQuiet) world.err.write(`${probeLine(by, probe)}\n`);
    // A smaller load would bring fewer samples still.
    if (probe.why?.startsWith("too-few-samples")) {
      return { by, probes, result: searchResult(probes, "samples"), wasInterrupted: false };
    }
  }
  return { by, probes, result: searchResult(probes, "probes"), wasInterrupted: true };
}

/** What a run says about its load. */
export function readProbe(report: RunReport): Omit<SearchProbe, "load" | "isConfirming"> {
  const { traffic } = report.digest;
  const [finding] = report.verdict.findings;
  return {
    answer: answerOf(report),
    achievedPerSec: traffic?.achievedPerSec,
    p50Us: traffic?.total.latency.corrected.p50Us,
    p99Us: traffic?.total.latency.corrected.p99Us,
    why: finding === undefined ? undefined : `${finding.name}: ${finding.text}`,
  };
}

/** A server that falls behind, drifts, loses messages or connections does not hold; all else says nothing of it. */
function answerOf({ verdict }: RunReport): ProbeAnswer {
  if (verdict.findings.length === 0) return "held";
  const isServers = (name: string) =>
    ["slo", "correctness", "target lost", "not-steady", "unbalanced"].includes(name);
  const ofGenerator = verdict.findings.some(({ name }) => !isServers(name));
  return ofGenerator ? "unknown" : "broken";
}

function probeLine(by: SearchBy, { load, answer, isConfirming, why }: SearchProbe): string {
  const unit = by === "rate" ? "/s" : " connections";
  return `${load}${unit}: ${answer}${isConfirming ? " (confirming)" : ""}${
    why === undefined ? "" : `, ${why}`
  }`;
}

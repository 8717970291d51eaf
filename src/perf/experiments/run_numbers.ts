/** The few numbers of a run that experiments weigh up. */
import type { RunReport } from "../reports/run_report.ts";
import type { CostedRun } from "./fresh_run.ts";

/** A number that runs are compared by. */
export type RunMetric = "throughput" | "p50" | "p99" | "serverCpu";

/** The numbers of one run; undefined where it has none. */
export interface RunNumbers {
  /** Answers per second, or deliveries in publishing patterns. */
  readonly throughput: number | undefined;
  /** Microseconds from the intended time. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** Microseconds of the servers' CPU for each answer or delivery. */
  readonly serverCpu: number | undefined;
}

/** Reads them. */
export function runNumbers({ report, serverCores }: CostedRun): RunNumbers {
  const total = report.digest.traffic?.total;
  const throughput = total?.receivedPerSec;
  const hasCost = serverCores !== undefined && throughput !== undefined && throughput > 0;
  return {
    throughput: throughput === 0 ? undefined : throughput,
    p50: total?.latency.corrected.p50Us,
    p99: total?.latency.corrected.p99Us,
    serverCpu: hasCost ? serverCores * 1e6 / throughput : undefined,
  };
}

/** Why a run cannot be one of an experiment's: it measured the generator, or something broke. Undefined when it can. */
export function runFault(report: RunReport): string | undefined {
  const { verdict, digest } = report;
  // What the experiment is about, speed and demands on it, is no reason to leave a run out.
  const isFault = ({ name }: { name: string }) => name !== "slo" && name !== "not-steady";
  const fault = verdict.findings.find(isFault);
  if (fault !== undefined) return `${fault.name}: ${fault.text}`;
  return digest.traffic === undefined ? "no message was measured" : undefined;
}

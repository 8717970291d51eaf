/** What a run may claim, decided before any number is shown. */
import { BUSY_CORES, type Digest, type GeneratorDigest, type TrafficDigest } from "./digest.ts";
import type { LoadOptions } from "../engine/load_options.ts";
import type { LoadResult } from "../engine/load_result.ts";
import { checkSlos, CORRECTNESS_METRICS, type Slo, type SloCheck } from "./slo.ts";
import { formatUs } from "../units.ts";

/** How `deno task perf` ends. */
export const exitCodes = {
  ok: 0,
  slo: 1,
  usage: 2,
  correctness: 3,
  invalid: 4,
  targetLost: 5,
  interrupted: 130,
} as const;

/** One of {@linkcode exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Why a run proves nothing. */
export type InvalidReason =
  | "generator-bound"
  | "throttled"
  | "too-few-samples"
  | "unbalanced"
  | "not-steady"
  | "interrupted";

/** A reason with its numbers and what to do. */
export interface Finding {
  readonly name: InvalidReason | "target lost" | "correctness" | "slo";
  readonly text: string;
}

/** The judgement. */
export interface Verdict {
  readonly word: "PASS" | "FAIL" | "INVALID";
  readonly exitCode: ExitCode;
  readonly findings: readonly Finding[];
  readonly checks: readonly SloCheck[];
  /** The server did not keep up with the plan: throughput is its capacity, latency is mostly queueing. An
   * invalid run claims nothing, not even that. */
  readonly isSaturated: boolean;
}

const MAX_LATE_SHARE = 0.05;
const SATURATED_BELOW = 0.98;
/** Both have to be exceeded before a drift counts: a third of a millisecond more is no news. */
const MAX_DRIFT_RATIO = 2;
const MIN_DRIFT_US = 5_000;

/** Judges a run. */
export function judge(
  result: LoadResult,
  numbers: Digest,
  options: LoadOptions,
  slos: readonly Slo[],
): Verdict {
  const checks = checkSlos(slos, numbers);
  const findings = [
    ...interruption(result),
    ...lostTargets(result, options),
    ...broken(checks, "correctness"),
    ...invalidity(result, numbers, options, checks),
    ...broken(checks, "slo"),
  ];
  const [worst] = findings;
  const exitCode = worst === undefined ? exitCodes.ok : exitCodeOf(worst);
  const word = worst === undefined ? "PASS" : isFailure(worst) ? "FAIL" : "INVALID";
  return { word, exitCode, findings, checks, isSaturated: word !== "INVALID" && isSaturated(numbers) };
}

function exitCodeOf(finding: Finding): ExitCode {
  switch (finding.name) {
    case "interrupted":
      return exitCodes.interrupted;
    case "target lost":
      return exitCodes.targetLost;
    case "correctness":
      return exitCodes.correctness;
    case "slo":
      return exitCodes.slo;
    default:
      return exitCodes.invalid;
  }
}

function isFailure(finding: Finding): boolean {
  return ["target lost", "correctness", "slo"].includes(finding.name);
}

function interruption(result: LoadResult): readonly Finding[] {
  if (!result.wasInterrupted) return [];
  return [{ name: "interrupted", text: "ended early: the numbers are those of the part that ran" }];
}

function lostTargets(result: LoadResult, options: LoadOptions): readonly Finding[] {
  const findings: Finding[] = result.lostTargets.map((instance) => ({
    name: "target lost",
    text: `${instance} stopped answering: see its log, then run again`,
  }));
  const lacksCross = options.parts.includes("cross") && result.cross === undefined;
  if (lacksCross && findings.length === 0 && !result.wasInterrupted) {
    findings.push({
      name: "target lost",
      text: "no publisher or subscriber could be set up: see the errors below",
    });
  }
  return findings;
}

function broken(checks: readonly SloCheck[], kind: "correctness" | "slo"): readonly Finding[] {
  const isOfKind = (check: SloCheck) =>
    CORRECTNESS_METRICS.includes(check.metric) === (kind === "correctness");
  return checks.filter((check) => check.isKept === false && isOfKind(check))
    .map((check) => ({ name: kind, text: `${check.text} does not hold: ${check.measured}` }));
}

function invalidity(
  result: LoadResult,
  numbers: Digest,
  options: LoadOptions,
  checks: readonly SloCheck[],
): readonly Finding[] {
  const generators = [numbers.traffic?.generator, numbers.cross?.generator].filter((health) =>
    health !== undefined
  );
  return [
    ...deadWorkers(result),
    ...generators.flatMap((health) => generatorBound(health, options, numbers)).slice(0, 1),
    ...throttled(numbers),
    ...tooFewSamples(checks),
    ...unbalanced(result),
    ...notSteady(numbers),
  ];
}

function generatorBound(
  health: GeneratorDigest,
  options: LoadOptions,
  numbers: Digest,
): readonly Finding[] {
  const advice = "lower --rate, take more --workers, or give the generator cores of its own";
  if (health.lateShare > MAX_LATE_SHARE) {
    const late = `${(health.lateShare * 100).toFixed(1)}% of the sends left over ${
      health.lateAfterMs.toFixed(1)
    } ms late`;
    return [{
      name: "generator-bound",
      text: `${late} (limit 5%)${ceilingText(health, numbers)}: ${advice}`,
    }];
  }
  // A spinning pacer uses its core up by design; its lateness tells.
  if (options.pacer === "timer" && health.cpuCores >= BUSY_CORES) {
    const percent = Math.round(health.cpuCores * 100);
    return [{
      name: "generator-bound",
      text: `the generator used ${percent}% of its core (limit 90%)${
        ceilingText(health, numbers)
      }: ${advice}`,
    }];
  }
  return [];
}

/** What the generator could do at most; empty when the run does not tell. */
function ceilingText(health: GeneratorDigest, { traffic }: Digest): string {
  if (traffic === undefined || health !== traffic.generator || !isAtItsCeiling(traffic)) return "";
  const rate = Math.round(traffic.achievedPerSec).toLocaleString("en-US");
  return `, so ${rate}/s is its ceiling, not the server's`;
}

/**
 * Sends may be late for a stall, too: only who fell behind its plan did all that it could. Answers that fall behind the
 * sends may wait in front of the server or unread at the generator, and the run does not tell whose the rate is.
 */
function isAtItsCeiling({ model, generator, total, offeredPerSec, achievedPerSec }: TrafficDigest): boolean {
  if (achievedPerSec < SATURATED_BELOW * total.sentPerSec) return false;
  // A closed loop asks for all there is.
  return model === "closed"
    ? generator.cpuCores >= BUSY_CORES
    : total.sentPerSec < SATURATED_BELOW * offeredPerSec;
}

function deadWorkers({ deadWorkers }: LoadResult): readonly Finding[] {
  if (deadWorkers === 0) return [];
  const text =
    `${deadWorkers} generator process(es) died, their share of the load is missing: see the errors`;
  return [{ name: "generator-bound", text }];
}

/** A governor that stepped in made another load than the one that was asked for. */
function throttled(numbers: Digest): readonly Finding[] {
  const ms = numbers.traffic?.throttledMs ?? 0;
  if (ms === 0) return [];
  const text = `connecting paused ${
    (ms / 1_000).toFixed(1)
  } s for memory: fewer --clients, or --pause-below lower`;
  return [{ name: "throttled", text }];
}

function tooFewSamples(checks: readonly SloCheck[]): readonly Finding[] {
  return checks.filter((check) => check.isKept === undefined).map((check) => ({
    name: "too-few-samples",
    text: `${check.text} cannot be judged: a percentile needs ten samples above it; send more messages`,
  }));
}

function unbalanced(result: LoadResult): readonly Finding[] {
  const counts = result.traffic?.instances.map((instance) => instance.connections) ?? [];
  const spread = Math.max(...counts) - Math.min(...counts);
  if (counts.length < 2 || spread <= 1) return [];
  const text = `connections per instance differ: ${counts.join(", ")}; see the connect errors`;
  return [{ name: "unbalanced", text }];
}

function notSteady(numbers: Digest): readonly Finding[] {
  const first = numbers.traffic?.firstThirdP50Us;
  const last = numbers.traffic?.lastThirdP50Us;
  if (first === undefined || last === undefined || Math.abs(last - first) < MIN_DRIFT_US) return [];
  if (Math.max(first, last) < MAX_DRIFT_RATIO * Math.min(first, last)) return [];
  const text = `p50 went from ${formatUs(first)} in the first third to ${formatUs(last)} in the last: ` +
    "run longer, or lower --rate if it only grows";
  return [{ name: "not-steady", text }];
}

function isSaturated(numbers: Digest): boolean {
  const { traffic } = numbers;
  return traffic !== undefined && traffic.achievedPerSec < SATURATED_BELOW * traffic.offeredPerSec;
}

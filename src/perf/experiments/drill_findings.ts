/** Says what clients saw of a drill: dropped, detected, back, lost. */
import { checkSlos, CORRECTNESS_METRICS, type Slo } from "../truth/slo.ts";
import { exitCodes } from "../truth/verdict.ts";
import { formatCount, formatRate, formatSeconds } from "../units.ts";
import type { DrillOutcome } from "./drill.ts";
import type { DoneAction } from "./drill_script.ts";
import { describeAction } from "./drill_actions.ts";
import { receivedPerSecond, type Recovery, recoveryOf } from "./drill_timeline.ts";
import type { Findings, Table } from "./findings.ts";

/** What was asked for. */
export interface DrillContext {
  readonly instances: number;
  /** Demands of the caller; the default ones of a run do not hold here, since a drill is meant to do harm. */
  readonly slos: readonly Slo[];
}

/** The numbers of a drill. */
export interface DrillNumbers {
  /** From the first kill or pause until an answering node no longer counted the victim, milliseconds. */
  readonly detectedAfterMs: number | undefined;
  /** From the last return until all nodes answered and counted all again, milliseconds. */
  readonly rejoinedAfterMs: number | undefined;
  readonly dropped: number;
  readonly reconnected: number;
  /** From the first action until all connections stood again, milliseconds. */
  readonly allBackAfterMs: number | undefined;
  readonly recovery: Recovery | undefined;
  readonly perSecond: readonly number[];
}

/** The findings of a drill. */
export function drillFindings(outcome: DrillOutcome, context: DrillContext): Findings {
  const { report, done } = outcome;
  const numbers = drillNumbers(outcome, context.instances);
  const { word, exitCode, why } = judgeDrill(outcome, numbers, context);
  const actions = done.map(({ action, atMs }) => `${describeAction(action)} at ${formatSeconds(atMs)}`).join(
    ", ",
  );
  return {
    kind: "drill",
    word,
    exitCode,
    title: `drill · cluster of ${context.instances} · ${report.options.scenario.name} · ${
      actions || "nothing done"
    }`,
    conclusion: why === undefined ? conclude(outcome, numbers) : `${why} ${conclude(outcome, numbers)}`,
    tables: [numberTable(outcome, numbers), curveTable(outcome, numbers)],
    notes: [
      "Each client belongs to one instance and comes back to the same one, as without a balancer: while it is away, so " +
      "are its clients.",
      "Detection is what GET /stats of the other nodes said, asked every 0.25 s; a message counts as failed when its " +
      "connection was down, it was refused, or its answer never came.",
      ...report.verdict.findings.filter((finding) =>
        !["slo", "correctness", "not-steady"].includes(finding.name)
      ).map(
        (finding) => `The run by itself: ${finding.name}: ${finding.text}`,
      ),
    ],
    data: { ...numbers, done, curve: outcome.curve, membership: outcome.membership, context },
  };
}

/** Reads the numbers out of what was seen. */
export function drillNumbers(outcome: DrillOutcome, instances: number): DrillNumbers {
  const { report, done, curve, membership } = outcome;
  const traffic = report.result.traffic;
  const perSecond = receivedPerSecond(traffic?.seconds ?? [], Math.floor((traffic?.sendMs ?? 0) / 1_000));
  const firstMs = done[0]?.atMs;
  const victimMs = done.find(({ action }) => action.kind === "kill" || action.kind === "pause")?.atMs;
  const returnMs = done.findLast(({ action }) => action.kind === "restart" || action.kind === "resume")?.atMs;
  const harmMs = lastHarmMs(done);
  const since = (fromMs: number | undefined, found: { readonly atMs: number } | undefined) =>
    fromMs === undefined || found === undefined ? undefined : found.atMs - fromMs;
  const missed = membership.find((point) => point.atMs > (victimMs ?? 0) && point.known < instances);
  const complete = membership.find(({ atMs, known, answering }) =>
    atMs > Math.max(missed?.atMs ?? 0, returnMs ?? 0) && known >= instances && answering === instances
  );
  const outages = traffic?.outages ?? [];
  const asked = report.options.scenario.connections;
  // The end of a run closes all connections: what is open is read while messages flow.
  const lastLow = curve.findLastIndex((point) => point.open < asked);
  return {
    detectedAfterMs: since(victimMs, missed),
    // One that came back before it was missed did not have to be taken in again.
    rejoinedAfterMs: missed === undefined ? undefined : since(returnMs, complete),
    dropped: outages.reduce((sum, row) => sum + row.lost, 0),
    reconnected: outages.reduce((sum, row) => sum + row.reconnected, 0),
    allBackAfterMs: lastLow < 0 ? undefined : since(firstMs, curve[lastLow + 1]),
    recovery: firstMs === undefined || harmMs === undefined
      ? undefined
      : recoveryOf(perSecond, { firstMs, harmMs }),
    perSecond,
  };
}

/** The last action that took something away. */
function lastHarmMs(done: readonly DoneAction[]): number | undefined {
  const isHarm = ({ action }: DoneAction) => ["kill", "pause", "broker-drop"].includes(action.kind);
  return done.findLast(isHarm)?.atMs;
}

function judgeDrill(
  { report, done }: DrillOutcome,
  { recovery }: DrillNumbers,
  { slos }: DrillContext,
): Pick<Findings, "word" | "exitCode"> & { readonly why?: string } {
  const { findings } = report.verdict;
  if (findings.some((finding) => finding.name === "interrupted")) {
    return { word: "INTERRUPTED", exitCode: exitCodes.interrupted };
  }
  const bound = findings.find((finding) =>
    finding.name === "generator-bound" || finding.name === "throttled"
  );
  if (bound !== undefined || done.length === 0) {
    const why = bound === undefined
      ? "Nothing was done: the run was over before."
      : `No result can be claimed: ${bound.text}.`;
    return { word: "INVALID", exitCode: exitCodes.invalid, why };
  }
  const broken = checkSlos(slos, report.digest).find((check) => check.isKept === false);
  if (broken !== undefined) {
    const exitCode = CORRECTNESS_METRICS.includes(broken.metric) ? exitCodes.correctness : exitCodes.slo;
    return { word: "FAIL", exitCode, why: `${broken.text} does not hold: ${broken.measured}.` };
  }
  if (recovery?.recoveredAfterMs === undefined) return { word: "FAIL", exitCode: exitCodes.slo };
  return { word: "DONE", exitCode: exitCodes.ok };
}

function conclude({ report }: DrillOutcome, numbers: DrillNumbers): string {
  const { dropped, reconnected, recovery, detectedAfterMs } = numbers;
  const total = report.digest.traffic?.total;
  const back = recovery?.recoveredAfterMs === undefined
    ? "95% of the throughput before was not reached again"
    : `95% of the throughput before was back ${formatSeconds(recovery.recoveredAfterMs)} after the last harm`;
  const detected = detectedAfterMs === undefined
    ? ""
    : `the cluster noticed after ${formatSeconds(detectedAfterMs)}, `;
  return `${formatCount(dropped)} clients were dropped and ${
    formatCount(reconnected)
  } came back, ${detected}${back}; ` +
    `${formatCount(total?.failed ?? 0)} of ${formatCount(total?.tried ?? 0)} messages failed.`;
}

function numberTable({ report }: DrillOutcome, numbers: DrillNumbers): Table {
  const seconds = (ms: number | undefined) => ms === undefined ? "n/a" : formatSeconds(ms);
  const { recovery } = numbers;
  const total = report.digest.traffic?.total;
  const ledger = report.digest.traffic?.cells?.ledger;
  return [
    ["", "SEEN"],
    ["cluster noticed after", seconds(numbers.detectedAfterMs)],
    ["cluster complete again after return", seconds(numbers.rejoinedAfterMs)],
    ["clients dropped / back", `${numbers.dropped} / ${numbers.reconnected}`],
    ["all clients back, from first action", seconds(numbers.allBackAfterMs)],
    ["throughput before", recovery === undefined ? "n/a" : `${formatRate(recovery.baselinePerSec)}/s`],
    ["worst second", recovery === undefined ? "n/a" : `${formatRate(recovery.worstPerSec)}/s`],
    ["95% again after last harm", seconds(recovery?.recoveredAfterMs)],
    ["messages failed", `${formatCount(total?.failed ?? 0)} of ${formatCount(total?.tried ?? 0)}`],
    ["duplicates", formatCount((total?.duplicate ?? 0) + (ledger?.duplicate ?? 0))],
    ...(ledger === undefined
      ? []
      : [["deliveries lost / out of order", `${ledger.lost} / ${ledger.reordered}`]]),
  ];
}

/** Second by second: received, and connections open at the end of the second. */
function curveTable({ curve, done }: DrillOutcome, { perSecond }: DrillNumbers): Table {
  const rows = perSecond.map((received, second) => {
    const within = <Point extends { readonly atMs: number }>(points: readonly Point[]) =>
      points.filter((point) => Math.floor(point.atMs / 1_000) === second);
    const open = within(curve).at(-1)?.open;
    const actions = within(done).map(({ action }) => describeAction(action)).join(", ");
    return [String(second), `${formatRate(received)}/s`, open === undefined ? "" : String(open), actions];
  });
  return [["SECOND", "RECEIVED", "OPEN", "DONE"], ...rows];
}

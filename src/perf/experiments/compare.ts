/** `perf compare --a X --b Y`: paired rounds of two subjects, fresh servers each, and what they say together. */
import type { PerfWorld, RunRequest } from "../measure.ts";
import type { RunReport } from "../reports/run_report.ts";
import { nameOfSubject, type Subject } from "../targets/subject.ts";
import { measureFresh } from "./fresh_run.ts";
import { runFault, type RunNumbers, runNumbers } from "./run_numbers.ts";
import { abbaSchedule, maxRuns, type ScheduledRun } from "./schedule.ts";

/** What to compare. */
export interface CompareRequest {
  readonly a: Subject;
  readonly b: Subject;
  /** At least one; fewer than five prove nothing. */
  readonly pairs: number;
  /** Load, demands and seed of every run; its subject is not looked at. */
  readonly run: RunRequest;
}

/** One run of the experiment. */
export interface Round extends ScheduledRun {
  readonly startedAt: string;
  readonly numbers: RunNumbers;
  /** Why the run does not count; undefined when it does. */
  readonly fault: string | undefined;
}

/** What came of it. */
export interface CompareOutcome {
  readonly names: { readonly a: string; readonly b: string };
  readonly rounds: readonly Round[];
  readonly wasInterrupted: boolean;
  /** Faulty runs were repeated as often as was allowed. */
  readonly gaveUp: boolean;
}

/**
 * Runs the pairs one after the other. A run that measured nothing is done again in its place, so that the order stays
 * ABBA; one that lost messages ends the experiment. `onRun` gets each report. Rejects when servers do not start.
 */
export async function comparePaired(
  request: CompareRequest,
  world: PerfWorld,
  onRun: (report: RunReport) => Promise<void>,
): Promise<CompareOutcome> {
  const schedule = abbaSchedule(request.pairs, request.run.load.seed);
  const most = maxRuns(schedule.length);
  const rounds: Round[] = [];
  for (let at = 0; at < schedule.length && rounds.length < most && !world.signal.aborted;) {
    const step = schedule[at];
    if (step === undefined) break;
    tellStep(request, world, { at, of: schedule.length, side: step.side });
    const round = await runOnce(request, step, world, onRun);
    rounds.push(round);
    if (isFatal(round)) break;
    if (round.fault === undefined) at++;
  }
  return {
    names: { a: nameOfSubject(request.a), b: nameOfSubject(request.b) },
    rounds,
    wasInterrupted: world.signal.aborted,
    gaveUp: rounds.filter((round) => round.fault === undefined).length < schedule.length,
  };
}

/** Whether trying again would hide what was found. */
export function isFatal(round: Round): boolean {
  return round.fault?.startsWith("correctness") === true;
}

async function runOnce(
  request: CompareRequest,
  step: ScheduledRun,
  world: PerfWorld,
  onRun: (report: RunReport) => Promise<void>,
): Promise<Round> {
  const costed = await measureFresh({ ...request.run, subject: request[step.side] }, world);
  await onRun(costed.report);
  const { report } = costed;
  return { ...step, startedAt: report.startedAt, numbers: runNumbers(costed), fault: runFault(report) };
}

function tellStep(
  request: CompareRequest,
  world: PerfWorld,
  { at, of, side }: { readonly at: number; readonly of: number; readonly side: "a" | "b" },
): void {
  if (request.run.isQuiet) return;
  world.err.write(`Run ${at + 1} of ${of}: ${nameOfSubject(request[side])}\n`);
}

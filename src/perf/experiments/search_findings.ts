/** Says what a search found, as an interval. */
import { exitCodes } from "../truth/verdict.ts";
import { formatCount, formatRate, formatSeconds, formatUs } from "../units.ts";
import type { Findings, Table } from "./findings.ts";
import type { SearchBy, SearchOutcome } from "./search.ts";

/** What was asked for. */
export interface SearchContext {
  readonly subject: string;
  /** The demands as written; the default ones come on top. */
  readonly slo: string;
  readonly holdMs: number;
  readonly confirmations: number;
}

/** The findings of a search. */
export function searchFindings(outcome: SearchOutcome, context: SearchContext): Findings {
  const { by } = outcome;
  const verdict = judgeOutcome(outcome, context);
  return {
    kind: "search",
    ...verdict,
    title: `search by ${by} · ${context.subject} · ${context.slo} · held ${formatSeconds(context.holdMs)}`,
    conclusion: conclude(outcome, context),
    tables: [probeTable(outcome)],
    notes: [
      `A load counts as held when all demands (${context.slo}, and the default ones) were kept for ` +
      `${
        formatSeconds(context.holdMs)
      }, ${context.confirmations} times; one break is enough to count as broken.`,
      ...(by === "connections"
        ? ["The rate of each connection stayed the same, so that the total rate grew with them."]
        : []),
      "Servers and load generator share this machine when the servers run here: a server with cores of its own does more.",
    ],
    data: { ...outcome, context },
  };
}

function judgeOutcome(
  { result, probes, wasInterrupted }: SearchOutcome,
  { confirmations }: SearchContext,
): Pick<Findings, "word" | "exitCode"> {
  if (wasInterrupted) return { word: "INTERRUPTED", exitCode: exitCodes.interrupted };
  const wasConfirmed = result.held !== undefined && result.confirmations >= confirmations;
  if (wasConfirmed && result.endedBy !== "samples") return { word: "DONE", exitCode: exitCodes.ok };
  const hasBroken = result.held === undefined && probes.some((probe) => probe.answer === "broken");
  return hasBroken && result.endedBy !== "samples"
    ? { word: "FAIL", exitCode: exitCodes.slo }
    : { word: "INVALID", exitCode: exitCodes.invalid };
}

function conclude({ result, by, probes, wasInterrupted }: SearchOutcome, context: SearchContext): string {
  const { held, broken, endedBy } = result;
  const show = (load: number) => showLoad(by, load);
  if (endedBy === "samples") {
    return `Too few samples to judge ${
      showLoad(by, probes.at(-1)?.load ?? 0)
    }: take a longer --hold, or begin higher.`;
  }
  const firstWhy = probes.findLast((probe) => probe.answer !== "held")?.why;
  if (held === undefined) {
    return wasInterrupted
      ? "Ended before any load had held."
      : `No load held, not even ${show(Math.min(...probes.map((probe) => probe.load)))}: ${
        firstWhy ?? "no run"
      }`;
  }
  const upper = broken === undefined ? "" : ` and below ${show(broken)}`;
  const times = `held ${result.confirmations} of ${context.confirmations} times`;
  if (wasInterrupted) return `Ended early: at least ${show(held)}${upper}, ${times}.`;
  switch (endedBy) {
    case "broken":
      return `The limit is at least ${show(held)}${upper} (${times}).`;
    case "max":
      return `At least ${show(held)} (${times}): nothing larger was tried; raise --max.`;
    case "generator":
      return `At least ${
        show(held)
      } (${times}): beyond that the generator is the limit, not the server: ${firstWhy}`;
    default:
      return `At least ${
        show(held)
      }${upper}, ${times}: the answers contradict each other too often for more.`;
  }
}

function showLoad(by: SearchBy, load: number): string {
  return by === "rate" ? `${formatRate(load)}/s` : `${formatCount(load)} connections`;
}

function probeTable({ probes, by }: SearchOutcome): Table {
  const rows = probes.map((probe) => [
    showLoad(by, probe.load),
    probe.answer + (probe.isConfirming ? " again" : ""),
    probe.achievedPerSec === undefined ? "n/a" : `${formatRate(probe.achievedPerSec)}/s`,
    formatUs(probe.p50Us),
    formatUs(probe.p99Us),
    (probe.why ?? "").slice(0, 40),
  ]);
  return [["LOAD", "", "ACHIEVED", "p50", "p99", "WHY"], ...rows];
}

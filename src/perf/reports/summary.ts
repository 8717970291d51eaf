/** The end screen: verdict first, then the demands, then the numbers, as wide as the terminal and at most 100
 * columns, readable without colour. */
import { formatCount, formatRate, formatSeconds } from "../units.ts";
import type { Verdict } from "../truth/verdict.ts";
import { accountsOf } from "./account_texts.ts";
import { badgeText } from "./badge.ts";
import type { RunReport } from "./run_report.ts";
import { crossLines, httpLines, trafficLines } from "./summary_tables.ts";
import { screenWidth, wrapText } from "./table.ts";

/** Colours, or the identity where none are wanted. */
export interface Palette {
  readonly bold: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly dim: (text: string) => string;
}

const same = (text: string) => text;

/** No colours. */
export const plainPalette: Palette = { bold: same, green: same, red: same, yellow: same, dim: same };

const DIAGNOSTIC_NOTE = "  The numbers below are for finding the cause, not for quoting.";
const LOOPBACK_NOTE =
  "  Loopback and shared cores tell ratios, not absolutes. Latency counts from the intended send.";

/** A shorter one rounds to nothing. */
const MIN_DRAIN_SHOWN_MS = 50;

/** The screen, line by line, for a terminal of so many columns. */
export function summaryLines(
  report: RunReport,
  files: readonly string[],
  palette = plainPalette,
  columns?: number,
): readonly string[] {
  const { digest, verdict } = report;
  const width = screenWidth(columns);
  return [
    "",
    ...headLines(report, palette, width),
    ...sloLines(verdict, width),
    ...(digest.http.length === 0 ? [] : ["", ...httpLines(digest.http, width)]),
    ...(digest.traffic === undefined ? [] : ["", ...trafficLines(digest.traffic, report.stats, width)]),
    ...(digest.cross === undefined ? [] : ["", ...crossLines(digest.cross, width)]),
    "",
    ...layAccounts(accountsOf(report), width),
    ...errorLines(report, palette, width),
    ...filesLine(files, width),
    "",
  ];
}

function filesLine(files: readonly string[], width: number): readonly string[] {
  const [first] = files;
  if (first === undefined) return [];
  const folder = first.slice(0, first.lastIndexOf("/") + 1);
  return layAccounts(
    [["FILES", `${folder}: ${files.map((file) => file.slice(folder.length)).join(" ")}`]],
    width,
  );
}

function headLines(report: RunReport, palette: Palette, width: number): readonly string[] {
  const { verdict } = report;
  const isInvalid = verdict.word === "INVALID";
  const badge = badgeText(verdict);
  const claim = isInvalid ? "no result can be claimed" : planText(report);
  const [first = "", ...rest] = wrapText(` ${badge}  ${titleOf(report)} · ${claim}`, width, "   ");
  const colour = { PASS: palette.green, FAIL: palette.red, INVALID: palette.yellow }[verdict.word];
  const reasons = verdict.findings.flatMap((finding) =>
    wrapText(`  ${finding.name}: ${finding.text}`, width, "    ")
  );
  return [
    // Coloured after wrapping: escape codes have no width.
    first.replace(` ${badge} `, () => colour(palette.bold(` ${badge} `))),
    ...rest,
    ...reasons,
    ...wrapText(isInvalid ? DIAGNOSTIC_NOTE : LOOPBACK_NOTE, width, "  ").map(palette.dim),
  ];
}

function titleOf(report: RunReport): string {
  const { options } = report;
  return `${options.scenario.name} · ${options.targets.length} instance${
    options.targets.length === 1 ? "" : "s"
  }`;
}

function planText(report: RunReport): string {
  const { options, result } = report;
  const { scenario } = options;
  if (result.traffic === undefined) return `parts ${options.parts.join(", ")}`;
  const measured = formatSeconds(result.traffic.sendMs);
  const model = scenario.model === "open" ? `open ${formatRate(scenario.perSec)}/s` : "closed loop";
  return `${model} · ${formatCount(scenario.connections)} conns · ` +
    `${formatCount(result.traffic.asked)} msgs · ${measured} ` +
    `(+${formatSeconds(result.traffic.warmupMs)} warm-up${drainText(result.traffic.drainMs)})`;
}

function drainText(drainMs: number): string {
  return drainMs < MIN_DRAIN_SHOWN_MS ? "" : `, +${formatSeconds(drainMs)} drain`;
}

function sloLines(verdict: Verdict, width: number): readonly string[] {
  const marks = verdict.checks.map((check) => {
    const mark = check.isKept === undefined ? "?" : check.isKept ? "✓" : "✗";
    return `${mark} ${check.text}\u00a0(${check.measured})`;
  });
  if (marks.length === 0) return [];
  return wrapText(
    `  SLO  ${marks.map((mark) => mark.replaceAll(" ", "\u00a0")).join(" ")}`,
    width,
    "       ",
  )
    .map((line) => line.replaceAll("\u00a0", " "));
}

function layAccounts(accounts: readonly (readonly [string, string])[], width: number): readonly string[] {
  return accounts.flatMap(([name, text]) => wrapText(`  ${name.padEnd(16)}${text}`, width, " ".repeat(18)));
}

function errorLines(report: RunReport, palette: Palette, width: number): readonly string[] {
  const rows = report.result.errors;
  const shown = layAccounts(
    rows.slice(0, 8).map((row) => ["ERROR", `${row.class} × ${row.count} on ${row.instance}: ${row.sample}`]),
    width,
  );
  const more = rows.length > 8 ? [`  ${" ".repeat(16)}and ${rows.length - 8} more kinds, in run.json`] : [];
  return [...shown, ...more].map((line) => palette.red(line));
}

/** One comparison under several loads, told together: a line for each load, and one table. Pure. */
import type { Findings, Table } from "./findings.ts";

/** The comparison under one load. */
export interface SeriesPart {
  readonly scenario: string;
  readonly findings: Findings;
}

const GRAVEST_FIRST = [
  "FAIL",
  "INTERRUPTED",
  "INVALID",
  "DONE",
] as const satisfies readonly Findings["word"][];

/** The findings of all parts, of which there must be at least one; the gravest decides how the whole ended. */
export function seriesFindings(title: string, parts: readonly SeriesPart[]): Findings {
  const word = GRAVEST_FIRST.find((some) => parts.some(({ findings }) => findings.word === some)) ?? "DONE";
  const gravest = parts.find(({ findings }) => findings.word === word);
  if (gravest === undefined) throw new RangeError("No comparison to tell of");
  return {
    kind: "compare",
    word,
    exitCode: gravest.findings.exitCode,
    title,
    conclusion: parts.map(conclusionOf).join(" "),
    tables: [sharedTable(parts)],
    notes: [...new Set(parts.flatMap(({ findings }) => findings.notes))],
    charts: parts.flatMap(({ scenario, findings }) =>
      (findings.charts ?? []).map((chart) => ({ ...chart, name: `${chart.name}-${scenario}` }))
    ),
    data: parts.map(({ scenario, findings: { word, data } }) => ({ scenario, word, data })),
  };
}

function conclusionOf({ scenario, findings }: SeriesPart): string {
  const mark = findings.word === "DONE" ? "" : ` (${findings.word})`;
  return `${scenario}${mark}: ${findings.conclusion}`;
}

/** Rows of all parts under the head of the first that has one, with the load in front. */
function sharedTable(parts: readonly SeriesPart[]): Table {
  const tables = parts.flatMap(({ scenario, findings }) =>
    findings.tables.slice(0, 1).map((table) => ({ scenario, table }))
  );
  const head = tables[0]?.table[0] ?? [];
  const rows = tables.flatMap(({ scenario, table }) => table.slice(1).map((row) => [scenario, ...row]));
  return [["LOAD", ...head], ...rows];
}

/** What an experiment says, in a shape that screen, files and programs are written from. */
import type { Chart } from "../reports/charts/chart.ts";
import { tableLines } from "../reports/markdown_table.ts";
import { layTableOrRows, screenWidth, wrapText } from "../reports/table.ts";
import type { ExitCode } from "../truth/verdict.ts";

/** The experiments. */
export type ExperimentKind = "compare" | "scale" | "search" | "drill" | "plan";

/** Rows of cells; the first is the head. */
export type Table = readonly (readonly string[])[];

/** The outcome of an experiment. */
export interface Findings {
  readonly kind: ExperimentKind;
  readonly word: "DONE" | "FAIL" | "INVALID" | "INTERRUPTED";
  readonly exitCode: ExitCode;
  /** What was done, in a few words. */
  readonly title: string;
  /** One sentence: the answer. */
  readonly conclusion: string;
  readonly tables: readonly Table[];
  /** What a reader has to know to believe the answer. */
  readonly notes: readonly string[];
  /** Drawings, beside the files. */
  readonly charts?: readonly Chart[];
  /** All numbers, for programs. */
  readonly data: unknown;
}

/** For a terminal of so many columns, or for `results.txt`. */
export function findingsLines(
  findings: Findings,
  files: readonly string[] = [],
  columns?: number,
): readonly string[] {
  const width = screenWidth(columns);
  return [
    "",
    ...wrapText(` ${findings.word}  ${findings.title}`, width, "  "),
    ...wrapText(`  ${findings.conclusion}`, width, "  "),
    ...findings.tables.flatMap((table) => ["", ...layTableOrRows(table, columns)]),
    "",
    ...findings.notes.flatMap((note) => wrapText(`  - ${note}`, width, "    ")),
    ...(files.length === 0 ? [] : ["", ...wrapText(`  FILES  ${files.join("  ")}`, width, "         ")]),
    "",
  ];
}

/** A Markdown document. */
export function findingsMarkdown(findings: Findings): string {
  return [
    `# ${findings.word}: ${findings.title}`,
    "",
    findings.conclusion,
    "",
    ...findings.tables.flatMap(([head = [], ...rows]) => tableLines({ head, rows })),
    ...findings.notes.map((note) => `- ${note}`),
    "",
  ].join("\n");
}

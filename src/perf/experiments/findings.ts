/** What an experiment says, in a shape that screen, files and programs are written from. */
import type { Chart } from "../reports/charts/chart.ts";
import { tableLines } from "../reports/markdown_table.ts";
import { layTable, SCREEN_WIDTH, wrapText } from "../reports/table.ts";
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

/** For a terminal or `results.txt`. */
export function findingsLines(findings: Findings, files: readonly string[] = []): readonly string[] {
  return [
    "",
    ...wrapText(` ${findings.word}  ${findings.title}`, SCREEN_WIDTH, "  "),
    ...wrapText(`  ${findings.conclusion}`, SCREEN_WIDTH, "  "),
    ...findings.tables.flatMap((table) => ["", ...layTable(table)]),
    "",
    ...findings.notes.flatMap((note) => wrapText(`  - ${note}`, SCREEN_WIDTH, "    ")),
    ...(files.length === 0
      ? []
      : ["", ...wrapText(`  FILES  ${files.join("  ")}`, SCREEN_WIDTH, "         ")]),
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

/** The report for people who were not there. */
import { oneLine, tableLines } from "./markdown_table.ts";
import { claimSentences, demandTable, reportSections, reportTitle, type Section } from "./report_sections.ts";
import type { RunReport } from "./run_report.ts";

/** A whole Markdown document. `images` are files beside it that are shown, such as charts. */
export function markdownReport(report: RunReport, images: readonly string[] = []): string {
  return [...head(report), ...imageLines(images), ...reportSections(report).flatMap(sectionLines)].join(
    "\n",
  ) +
    "\n";
}

function head(report: RunReport): readonly string[] {
  return [
    `# ${reportTitle(report)}`,
    "",
    ...report.verdict.findings.map((finding) => `- **${finding.name}**: ${oneLine(finding.text)}`),
    ...claimSentences(report).flatMap((sentence) => ["", sentence]),
    "",
    ...tableLines(demandTable(report)),
  ];
}

function imageLines(images: readonly string[]): readonly string[] {
  return images.flatMap((file) => [`![${file.replace(/\.\w+$/, "")}](${file})`, ""]);
}

function sectionLines({ title, sentences, tables }: Section): readonly string[] {
  return [
    `## ${title}`,
    "",
    ...sentences.flatMap((sentence) => [sentence, ""]),
    ...tables.flatMap(tableLines),
  ];
}

/** Tables in Markdown, whatever a cell holds. */
import type { SectionTable } from "./report_sections.ts";

/** The lines of a table, and an empty one after it. */
export function tableLines({ head, rows }: SectionTable): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

/** Error samples come from servers: none of them may end a cell or open a tag in what renders the page. */
function escapeCell(text: string): string {
  return oneLine(text).replaceAll("\\", "\\\\").replaceAll("|", "\\|");
}

/** `text` without line breaks and tags. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("<", "&lt;");
}

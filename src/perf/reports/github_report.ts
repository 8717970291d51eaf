/** The run for GitHub Actions: annotations as workflow commands, and the step summary. Pure. */
import { markdownReport } from "./report_markdown.ts";
import type { RunReport } from "./run_report.ts";
import { badgeText } from "./badge.ts";
import { summaryLines } from "./summary.ts";

/** One `::error` or `::warning` line per finding, or one `::notice` for a run without any. */
export function githubAnnotations(report: RunReport): readonly string[] {
  const { verdict, options } = report;
  const title = `perf ${options.scenario.name}: ${badgeText(verdict)}`;
  if (verdict.findings.length === 0) {
    return [
      workflowCommand(
        "notice",
        title,
        verdict.checks.map(({ text, measured }) => `${text} (${measured})`).join(", "),
      ),
    ];
  }
  const level = verdict.word === "FAIL" ? "error" : "warning";
  return verdict.findings.map(({ name, text }) => workflowCommand(level, title, `${name}: ${text}`));
}

/** GitHub refuses a step summary above 1 MiB; a report that would not fit is cut to its screen. */
const MAX_SUMMARY_CHARS = 500_000;

/** Markdown for the page of a workflow run. */
export function githubSummary(report: RunReport): string {
  const markdown = markdownReport(report);
  if (markdown.length <= MAX_SUMMARY_CHARS) return markdown;
  return `\`\`\`text\n${summaryLines(report, []).join("\n").slice(0, MAX_SUMMARY_CHARS)}\n\`\`\`\n`;
}

function workflowCommand(level: "error" | "warning" | "notice", title: string, text: string): string {
  return `::${level} title=${escapeProperty(title)}::${escapeData(text)}`;
}

/** A line break or `::` in a server's text must not begin a command of its own. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

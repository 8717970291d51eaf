/** Writes a report to its own folder. */
import { jsonReport } from "./report_json.ts";
import { markdownReport } from "./report_markdown.ts";
import type { RunReport } from "./run_report.ts";
import { summaryLines } from "./summary.ts";
import { UsageError } from "../usage_error.ts";

/** Makes the folder `out`, so that a run does not find out at its end that it may not write. Throws
 * {@linkcode UsageError}. */
export async function prepareReports(out: string): Promise<void> {
  try {
    await Deno.mkdir(out, { recursive: true });
  } catch (error) {
    const isOurs = error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory;
    if (!isOurs) throw error;
    throw new UsageError(
      `Cannot write reports to "${out}": ${error.message}; \`deno task perf\` may write below reports/`,
    );
  }
}

/** Writes `run.json`, `report.md` and `results.txt` to `<out>/<time>-<scenario>/`; answers their paths. */
export async function writeReport(report: RunReport, out: string): Promise<readonly string[]> {
  const folder = await newFolder(`${out.replace(/\/+$/, "")}/${folderName(report)}`);
  const files = ["run.json", "report.md", "results.txt"].map((name) => `${folder}/${name}`);
  const [json = "", markdown = "", text = ""] = files;
  await Deno.writeTextFile(json, jsonReport(report));
  await Deno.writeTextFile(markdown, markdownReport(report));
  await Deno.writeTextFile(text, summaryLines(report, files).join("\n"));
  return files;
}

function folderName(report: RunReport): string {
  const time = report.startedAt.replace(/\.\d+Z$/, "Z").replaceAll(":", "-");
  return `${time}-${report.options.scenario.name}`;
}

/** Makes the folder `path`; two runs may begin in the same second, so the later one gets a number. Answers its path. */
export async function newFolder(path: string): Promise<string> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  for (let attempt = 1;; attempt++) {
    const candidate = attempt === 1 ? path : `${path}-${attempt}`;
    try {
      await Deno.mkdir(candidate);
      return candidate;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

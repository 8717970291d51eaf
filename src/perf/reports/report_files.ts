/** Writes a report as files of several kinds. */
import { UsageError } from "../usage_error.ts";
import type { Chart } from "./charts/chart.ts";
import { PngError, renderPngs } from "./charts/png.ts";
import { runCharts } from "./charts/run_charts.ts";
import { htmlReport } from "./html/html_report.ts";
import { junitReport } from "./junit_report.ts";
import { jsonReport } from "./report_json.ts";
import { markdownReport } from "./report_markdown.ts";
import type { RunReport } from "./run_report.ts";
import { summaryLines } from "./summary.ts";

/** A kind of file; `png` is one file for each chart. */
export type ReportKind = "json" | "html" | "md" | "text" | "junit" | "png";

/** What a run among many leaves behind: nothing that takes long to draw. */
const BRIEF_KINDS: readonly ReportKind[] = ["json", "md", "text"];

/** What a run of its own leaves behind. */
export const RUN_KINDS: readonly ReportKind[] = ["json", "html", "md", "text", "png"];

const FILE_OF: Readonly<Record<Exclude<ReportKind, "png">, string>> = {
  json: "run.json",
  html: "report.html",
  md: "report.md",
  text: "results.txt",
  junit: "junit.xml",
};

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

/** Writes `kinds` to a new folder `<out>/<time>-<scenario>/`; answers the paths. Rejects like {@linkcode writeKinds}. */
export async function writeReport(
  report: RunReport,
  out: string,
  kinds: readonly ReportKind[] = BRIEF_KINDS,
): Promise<readonly string[]> {
  const folder = await newFolder(`${out.replace(/\/+$/, "")}/${folderName(report)}`);
  return await writeKinds(report, folder, kinds);
}

/**
 * Writes `kinds` into `folder`, over what is there; answers the paths. PNGs come last: a `PngError` names what is
 * written all the same.
 */
export async function writeKinds(
  report: RunReport,
  folder: string,
  kinds: readonly ReportKind[],
): Promise<readonly string[]> {
  const isWanted = (kind: ReportKind) => kinds.includes(kind);
  const charts = isWanted("html") || isWanted("png") ? runCharts(report) : [];
  const images = isWanted("png") ? charts.map((chart) => `${chart.name}.png`) : [];
  const names = [...kinds.flatMap((kind) => kind === "png" ? [] : [FILE_OF[kind]]), ...images];
  const files = names.map((name) => `${folder}/${name}`);
  for (const kind of kinds) {
    if (kind === "png") continue;
    await Deno.writeTextFile(`${folder}/${FILE_OF[kind]}`, textOf(kind, report, { charts, images, files }));
  }
  if (isWanted("png")) await writeImages(charts, folder, files.slice(0, files.length - images.length));
  return files;
}

async function writeImages(
  charts: readonly Chart[],
  folder: string,
  written: readonly string[],
): Promise<void> {
  try {
    await writeCharts(charts, folder);
  } catch (error) {
    if (!(error instanceof PngError)) throw error;
    throw new PngError(error.message, { cause: error, files: written });
  }
}

interface Parts {
  readonly charts: readonly Chart[];
  readonly images: readonly string[];
  readonly files: readonly string[];
}

function textOf(kind: Exclude<ReportKind, "png">, report: RunReport, parts: Parts): string {
  switch (kind) {
    case "json":
      return jsonReport(report);
    case "html":
      return htmlReport(report, parts.charts);
    case "md":
      return markdownReport(report, parts.images);
    case "text":
      return summaryLines(report, parts.files).join("\n");
    case "junit":
      return junitReport(report);
  }
}

/** Writes `charts` as PNG into `folder`; answers the paths. Rejects with `PngError` when they cannot be drawn. */
export async function writeCharts(charts: readonly Chart[], folder: string): Promise<readonly string[]> {
  const pngs = await renderPngs(charts.map((chart) => chart.svg));
  const files = charts.map((chart) => `${folder}/${chart.name}.png`);
  for (const [at, png] of pngs.entries()) await Deno.writeFile(files[at] ?? "", png);
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

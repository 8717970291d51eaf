/** Writes an experiment to a folder of its own, with the reports of its runs. */
import type { Chart } from "../reports/charts/chart.ts";
import { PngError } from "../reports/charts/png.ts";
import { newFolder, type ReportKind, writeCharts, writeReport } from "../reports/report_files.ts";
import type { RunReport } from "../reports/run_report.ts";
import { type ExperimentKind, type Findings, findingsLines, findingsMarkdown } from "./findings.ts";

/** The folder of one experiment. Runs are written as they end, so that an early end leaves all that there was. */
export class ExperimentFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes `<out>/<time>-<kind>-<name>/`. */
  static async open(
    out: string,
    { kind, name, wallMs }: { readonly kind: ExperimentKind; readonly name: string; readonly wallMs: number },
  ): Promise<ExperimentFolder> {
    const time = new Date(wallMs).toISOString().replace(/\.\d+Z$/, "Z").replaceAll(":", "-");
    const slug = name.replaceAll(/[^\w.=-]+/g, "_").slice(0, 60);
    return new ExperimentFolder(await newFolder(`${out.replace(/\/+$/, "")}/${time}-${kind}-${slug}`));
  }

  /** Adds the report of one run; without `kinds` nothing that takes long to draw. */
  async addRun(report: RunReport, kinds?: readonly ReportKind[]): Promise<void> {
    await writeReport(report, `${this.path}/runs`, kinds);
  }

  /** Writes `experiment.json`, `report.md`, `results.txt` and the charts; answers their paths. */
  async finish(findings: Findings): Promise<readonly string[]> {
    const files = ["experiment.json", "report.md", "results.txt"].map((name) => `${this.path}/${name}`);
    const [json = "", markdown = "", text = ""] = files;
    const { charts = [], ...content } = findings;
    await Deno.writeTextFile(json, JSON.stringify({ tool: "shoal perf", ...content }, undefined, 2) + "\n");
    await Deno.writeTextFile(markdown, findingsMarkdown(findings));
    await Deno.writeTextFile(text, findingsLines(findings, files).join("\n"));
    return [...files, ...await this.#draw(charts)];
  }

  /** Charts that cannot be drawn here are left as SVG, which any browser shows. */
  async #draw(charts: readonly Chart[]): Promise<readonly string[]> {
    try {
      return charts.length === 0 ? [] : await writeCharts(charts, this.path);
    } catch (error) {
      if (!(error instanceof PngError)) throw error;
      const files = charts.map((chart) => `${this.path}/${chart.name}.svg`);
      for (const [at, chart] of charts.entries()) await Deno.writeTextFile(files[at] ?? "", chart.svg);
      return files;
    }
  }
}

/** Writes an experiment to a folder of its own, with the reports of its runs. */
import { newFolder, writeReport } from "../reports/report_files.ts";
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

  /** Adds the report of one run. */
  async addRun(report: RunReport): Promise<void> {
    await writeReport(report, `${this.path}/runs`);
  }

  /** Writes `experiment.json`, `report.md` and `results.txt`; answers their paths. */
  async finish(findings: Findings): Promise<readonly string[]> {
    const files = ["experiment.json", "report.md", "results.txt"].map((name) => `${this.path}/${name}`);
    const [json = "", markdown = "", text = ""] = files;
    await Deno.writeTextFile(json, JSON.stringify({ tool: "shoal perf", ...findings }, undefined, 2) + "\n");
    await Deno.writeTextFile(markdown, findingsMarkdown(findings));
    await Deno.writeTextFile(text, findingsLines(findings, files).join("\n"));
    return files;
  }
}

/** `perf report`: writes the reports of a run again from its `run.json`, without a run. */
import type { Command } from "commander";
import type { PerfWorld } from "../measure.ts";
import { PngError } from "../reports/charts/png.ts";
import { githubAnnotations, githubSummary } from "../reports/github_report.ts";
import { prepareReports, type ReportKind, writeKinds } from "../reports/report_files.ts";
import type { RunReport } from "../reports/run_report.ts";
import { summaryLines } from "../reports/summary.ts";
import { type ExitCode, exitCodes } from "../truth/verdict.ts";
import { UsageError } from "../usage_error.ts";
import type { PerfCommand } from "./command.ts";
import { columnsOf, paletteFor } from "./palette.ts";
import { readReport } from "./read_report.ts";
import { endingOf } from "./trouble.ts";

interface ReportFlags {
  readonly html?: boolean;
  readonly md?: boolean;
  readonly png?: boolean;
  readonly text?: boolean;
  readonly junit?: boolean;
  readonly github?: boolean;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  deno task perf report reports/2026-01-02T03-04-05Z-light/run.json            the end screen again
  deno task perf report reports/NAME/run.json --html --md --png --junit        files beside run.json
  deno task perf report reports/NAME/run.json --github                         annotations and Markdown on stdout

Exit codes: 0 written, 2 wrong usage or no run.json; the verdict of the run does not count here.`;

/** The subcommand. */
export const reportCommand: PerfCommand = {
  name: "report",
  build: (command, context) => {
    addFlags(command)
      .description("write the reports of a run again from its run.json")
      .addHelpText("after", EXAMPLES)
      .action((path: string, flags: ReportFlags) => {
        context.begin((world) => endingOf(world, () => replay(path, flags, world)));
      });
  },
};

function addFlags(command: Command): Command {
  return command
    .argument("<run.json>", "what a run has written")
    .option("--html", "report.html: one file with all charts, opens without a network")
    .option("--md", "report.md")
    .option("--png", "each chart as PNG")
    .option("--text", "results.txt: the end screen")
    .option("--junit", "junit.xml: one test case for each demand")
    .option("--github", "annotations and Markdown for GitHub Actions, on stdout")
    .option("--out <folder>", "where files go (default: beside run.json)");
}

const KINDS = ["html", "md", "text", "junit", "png"] as const satisfies readonly ReportKind[];

async function replay(path: string, flags: ReportFlags, world: PerfWorld): Promise<ExitCode> {
  const report = await readReport(path);
  const kinds = KINDS.filter((kind) => flags[kind] === true);
  if (flags.github === true) {
    world.out.write([...githubAnnotations(report), githubSummary(report)].join("\n"));
  }
  if (kinds.length > 0) await writeFiles(report, flags.out ?? folderOf(path), kinds, world);
  else if (flags.github !== true) {
    world.out.write(summaryLines(report, [], paletteFor(world.out), columnsOf(world.out)).join("\n"));
  }
  return exitCodes.ok;
}

async function writeFiles(
  report: RunReport,
  folder: string,
  kinds: readonly ReportKind[],
  world: PerfWorld,
): Promise<void> {
  await prepareReports(folder);
  try {
    const files = await writeKinds(report, folder, kinds);
    world.out.write(files.map((file) => `${file}\n`).join(""));
  } catch (error) {
    if (error instanceof PngError) throw new UsageError(`${error.message}; --html holds the same charts`);
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new UsageError(
      `Cannot write to "${folder}": ${error.message}; give a folder below reports/ with --out`,
    );
  }
}

function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, Math.max(1, at));
}

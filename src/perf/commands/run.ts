/** `perf run`: one run, judged, shown and written. */
import { measureSubject, type PerfWorld, type RunRequest } from "../measure.ts";
import { PngError } from "../reports/charts/png.ts";
import { isCi, tellCi } from "../reports/ci.ts";
import { prepareReports, RUN_KINDS, writeReport } from "../reports/report_files.ts";
import { runLine } from "../reports/json_lines.ts";
import { markdownReport } from "../reports/report_markdown.ts";
import type { RunReport } from "../reports/run_report.ts";
import { summaryLines } from "../reports/summary.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { inFormat, type PerfCommand } from "./command.ts";
import { addLoadFlags, type LoadFlags } from "./load_flags.ts";
import { toRunRequest } from "./run_request.ts";
import { columnsOf, paletteFor } from "./palette.ts";
import { endingOf } from "./trouble.ts";

const EXAMPLES = `
Examples:
  deno task perf                                      light, on the nodes of this machine or on a cluster of its own
  deno task perf --scenario medium --slo 'rtt.p99<50ms,loss==0'
  deno task perf run --targets ws://127.0.0.1:8080,ws://127.0.0.1:8081 -c 200 --rate 2k/s -z 20s
  deno task perf --start cluster=3 --parts traffic,cross --pattern rooms:20 --workers 2
  deno task perf --targets ws://127.0.0.1:9000/chat --speech plain --message '{"id":{{id}},"text":"{{payload}}"}'
  deno task perf --targets http://127.0.0.1:8080/health --rate 5k/s
  deno task perf run --scenario xl                    100,000 connections on a cluster of its own (docs/load-tester.md)
  deno task perf run --json | jq 'select(.kind == "result") | .digest.traffic.total'

Exit codes: 0 all demands kept, 1 an SLO broken, 2 wrong usage, 3 messages lost, doubled or out of order,
4 the run proves nothing, 5 target lost or none, 130 interrupted (the partial report is written).`;

/** The subcommand. */
export const runCommand: PerfCommand = {
  name: "run",
  isDefault: true,
  build: (command, context) => {
    addLoadFlags(command)
      .description("run one scenario and judge it (the default)")
      .addHelpText("after", EXAMPLES)
      .action((flags: LoadFlags) => {
        const request = toRunRequest(flags, context);
        context.begin(inFormat(flags, (world) => runOnce(request, world)));
      });
  },
};

/** Runs, shows and writes; answers the exit code. */
export async function runOnce(request: RunRequest, world: PerfWorld): Promise<ExitCode> {
  return await endingOf(world, async () => {
    await prepareReports(request.out);
    const report = await measureSubject(request, world);
    const files = await writeFiles(report, request.out, world);
    world.out.write(textOf(report, files, world));
    // Annotations are no JSON; GitHub reads them from either stream.
    if (isCi()) await tellCi(report, world.format === "json" ? world.err : world.out, world.err);
    return report.verdict.exitCode;
  });
}

function textOf(report: RunReport, files: readonly string[], { out, format = "screen" }: PerfWorld): string {
  switch (format) {
    case "json":
      return runLine(report, files);
    case "markdown":
      return markdownReport(report, []);
    case "screen":
      return summaryLines(report, files, paletteFor(out), columnsOf(out)).join("\n");
  }
}

/** A picture that cannot be drawn is no reason to lose a result. */
async function writeFiles(report: RunReport, out: string, world: PerfWorld): Promise<readonly string[]> {
  const kinds = isCi() ? [...RUN_KINDS, "junit" as const] : RUN_KINDS;
  try {
    return await writeReport(report, out, kinds);
  } catch (error) {
    if (!(error instanceof PngError)) throw error;
    world.err.write(`${error.message}; report.html holds the same charts\n`);
    return error.files;
  }
}

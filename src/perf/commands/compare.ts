/** `perf compare`: two subjects in paired rounds, or two saved reports. */
import { comparePaired, type CompareRequest } from "../experiments/compare.ts";
import { compareFindings } from "../experiments/compare_findings.ts";
import { compareSaved } from "../experiments/compare_reports.ts";
import { ExperimentFolder } from "../experiments/experiment_files.ts";
import { MIN_PAIRS } from "../experiments/paired.ts";
import type { PerfWorld } from "../measure.ts";
import { prepareReports } from "../reports/report_files.ts";
import { parseSubject, type Subject } from "../targets/subject.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { parseCount } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import { type CommandContext, inFormat, option, type PerfCommand } from "./command.ts";
import { tell } from "./experiment_end.ts";
import { addLoadFlags, type LoadFlags } from "./load_flags.ts";
import { toRunRequest } from "./run_request.ts";
import { readReport } from "./read_report.ts";
import { endingOf } from "./trouble.ts";

interface CompareFlags extends LoadFlags {
  readonly a?: string;
  readonly b?: string;
  readonly aTargets?: string;
  readonly bTargets?: string;
  readonly pairs: number;
  readonly baseline?: string;
  readonly force?: boolean;
}

const EXAMPLES = `
Examples:
  deno task perf compare --a cluster=3 --b standalone --scenario medium      does a cluster help here?
  deno task perf compare --a cluster=3 --b standalone --model closed -c 50   by what it can do at most
  deno task perf compare --a cluster=2 --b cluster=4 --pattern direct --rate 2k/s -z 10s --pairs 6
  deno task perf compare reports/a/run.json reports/b/run.json               two saved runs
  deno task perf:any compare --a 'node server.js' --a-targets ws://127.0.0.1:9001 \\
      --b 'bun server.ts' --b-targets ws://127.0.0.1:9002 --speech plain     other servers

Exit codes: 0 compared, whatever the answer; 2 wrong usage; 3 messages were lost, doubled or out of order;
4 nothing can be claimed; 5 a server did not come up; 130 interrupted (what there is was written).`;

/** The subcommand. */
export const compareCommand: PerfCommand = {
  name: "compare",
  build: (command, context) => {
    addLoadFlags(command, { takesSubject: false })
      .description("compare two subjects in paired rounds with fresh servers, or two saved reports")
      .argument("[reports...]", "two run.json files; without them --a and --b are run")
      .option("--a <what>", "cluster=3, standalone, ws://..., or a command line")
      .option("--b <what>", "the other one")
      .option("--a-targets <urls>", "where the command line of --a listens")
      .option("--b-targets <urls>", "where the command line of --b listens")
      .option(
        "--pairs <n>",
        "pairs of runs; fewer than 5 prove nothing",
        option((text) => parseCount(text)),
        MIN_PAIRS,
      )
      .option("--baseline <side>", "which side the other is held against (default: standalone, else a)")
      .option("--force", "compare saved runs although their loads differ")
      .addHelpText("after", EXAMPLES)
      .action((reports: readonly string[], flags: CompareFlags) => act(reports, flags, context));
  },
};

function act(reports: readonly string[], flags: CompareFlags, context: CommandContext): void {
  if (reports.length > 0) return actOnSaved(reports, flags, context);
  if (flags.a === undefined || flags.b === undefined) {
    throw new UsageError("Nothing to compare: write --a cluster=3 --b standalone, or two run.json files");
  }
  const run = toRunRequest({ ...flags, parts: flags.parts ?? ["traffic"] }, context);
  const subject = (text: string, urls: string | undefined) =>
    parseSubject(text, { urls, redis: flags.redis });
  const request = {
    a: subject(flags.a, flags.aTargets ?? flags.targets),
    b: subject(flags.b, flags.bTargets ?? flags.targets),
    pairs: flags.pairs,
    run,
  };
  const baseline = baselineOf(flags.baseline, request);
  context.begin(inFormat(flags, (world) => endingOf(world, () => runPairs(request, baseline, world))));
}

function baselineOf(
  text: string | undefined,
  { a, b }: { readonly a: Subject; readonly b: Subject },
): "a" | "b" {
  if (text === "a" || text === "b") return text;
  if (text !== undefined) throw new UsageError(`Cannot take "${text}" as baseline: write a or b`);
  return b.kind === "standalone" && a.kind !== "standalone" ? "b" : "a";
}

async function runPairs(request: CompareRequest, baseline: "a" | "b", world: PerfWorld): Promise<ExitCode> {
  const { out, load } = request.run;
  await prepareReports(out);
  const folder = await ExperimentFolder.open(out, {
    kind: "compare",
    name: load.scenario.name,
    wallMs: world.clock.wallMs(),
  });
  const outcome = await comparePaired(request, world, (report) => folder.addRun(report));
  const cores = navigator.hardwareConcurrency;
  const context = { seed: load.seed, scenario: load.scenario.name, cores, baseline };
  return await tell(compareFindings(outcome, context), folder, world);
}

function actOnSaved(paths: readonly string[], flags: CompareFlags, context: CommandContext): void {
  const [a, b] = paths;
  if (a === undefined || b === undefined || paths.length > 2) {
    throw new UsageError(`Cannot compare ${paths.length} reports: name two run.json files`);
  }
  const seed = flags.seed ?? 1;
  context.begin(inFormat(flags, (world) =>
    endingOf(world, async () => {
      const [one, other] = await Promise.all([a, b].map(async (path) => ({
        name: path,
        report: await readReport(path),
      })));
      if (one === undefined || other === undefined) throw new UsageError("Name two run.json files");
      const findings = compareSaved(one, other, { seed, isForced: flags.force === true });
      return await tell(findings, undefined, world);
    })));
}

/** `perf compare`: two subjects in paired rounds, or two saved reports. */
import { comparePaired, type CompareRequest } from "../experiments/compare.ts";
import { compareFindings } from "../experiments/compare_findings.ts";
import { compareSaved } from "../experiments/compare_reports.ts";
import { seriesFindings, type SeriesPart } from "../experiments/compare_series.ts";
import { ExperimentFolder } from "../experiments/experiment_files.ts";
import type { Findings } from "../experiments/findings.ts";
import { MIN_PAIRS } from "../experiments/paired.ts";
import type { PerfWorld } from "../measure.ts";
import { prepareReports } from "../reports/report_files.ts";
import { nameOfSubject, parseSubject, type Subject } from "../targets/subject.ts";
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
  deno task perf compare --a cluster=2 --b standalone --scenario light,medium,heavy,stress --warmup 1s -z 5s --markdown
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
  const seed = flags.seed ?? context.newSeed();
  const runs = flags.scenario.split(",").map((scenario) =>
    toRunRequest({ ...flags, scenario, seed, parts: flags.parts ?? ["traffic"] }, context)
  );
  const subject = (text: string, urls: string | undefined) =>
    parseSubject(text, { urls, redis: flags.redis });
  const sides = {
    a: subject(flags.a, flags.aTargets ?? flags.targets),
    b: subject(flags.b, flags.bTargets ?? flags.targets),
  };
  const baseline = baselineOf(flags.baseline, sides);
  const requests = runs.map((run) => ({ ...sides, pairs: flags.pairs, run }));
  context.begin(inFormat(flags, (world) => endingOf(world, () => runSeries(requests, baseline, world))));
}

function baselineOf(
  text: string | undefined,
  { a, b }: { readonly a: Subject; readonly b: Subject },
): "a" | "b" {
  if (text === "a" || text === "b") return text;
  if (text !== undefined) throw new UsageError(`Cannot take "${text}" as baseline: write a or b`);
  return b.kind === "standalone" && a.kind !== "standalone" ? "b" : "a";
}

/** The comparison under each load, one after the other, in one folder. */
async function runSeries(
  requests: readonly CompareRequest[],
  baseline: "a" | "b",
  world: PerfWorld,
): Promise<ExitCode> {
  const [first] = requests;
  if (first === undefined) throw new UsageError("Nothing to compare: name a scenario");
  const { out } = first.run;
  await prepareReports(out);
  const name = requests.map(({ run }) => run.load.scenario.name).join("+");
  const folder = await ExperimentFolder.open(out, { kind: "compare", name, wallMs: world.clock.wallMs() });
  const parts: SeriesPart[] = [];
  for (const request of requests) {
    if (world.signal.aborted && parts.length > 0) break;
    const findings = await runPairs(request, baseline, world, folder);
    parts.push({ scenario: request.run.load.scenario.name, findings });
  }
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return await tell(only.findings, folder, world);
  const sides = `${nameOfSubject(first.a)} and ${nameOfSubject(first.b)}`;
  const title = `compare · ${sides} · ${parts.map(({ scenario }) => scenario).join(", ")}`;
  return await tell(seriesFindings(title, parts), folder, world);
}

async function runPairs(
  request: CompareRequest,
  baseline: "a" | "b",
  world: PerfWorld,
  folder: ExperimentFolder,
): Promise<Findings> {
  const { load } = request.run;
  const outcome = await comparePaired(request, world, (report) => folder.addRun(report));
  const cores = navigator.hardwareConcurrency;
  return compareFindings(outcome, { seed: load.seed, scenario: load.scenario.name, cores, baseline });
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

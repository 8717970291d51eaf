/** `perf search`: the largest load within demands. */
import { Option } from "commander";
import { ExperimentFolder } from "../experiments/experiment_files.ts";
import { type SearchBy, searchLimit, type SearchRequest } from "../experiments/search.ts";
import { searchFindings } from "../experiments/search_findings.ts";
import type { PerfWorld, RunRequest } from "../measure.ts";
import { prepareReports } from "../reports/report_files.ts";
import { nameOfSubject } from "../targets/subject.ts";
import { openSubject } from "../targets/targets.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { parseCount, parseDurationMs, parseShare } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import { type CommandContext, inFormat, option, type PerfCommand } from "./command.ts";
import { tell } from "./experiment_end.ts";
import { addLoadFlags, type LoadFlags } from "./load_flags.ts";
import { toRunRequest } from "./run_request.ts";
import { endingOf } from "./trouble.ts";

interface SearchFlags extends LoadFlags {
  readonly by: SearchBy;
  readonly hold: number;
  readonly min?: number;
  readonly max?: number;
  readonly precision: number;
  readonly confirmations: number;
}

const DEFAULT_SLO = "rtt.p99<50ms,loss==0";
const DEFAULT_MAX = { rate: 1_000_000, connections: 1_000_000 } as const;

const EXAMPLES = `
Examples:
  deno task perf search --slo 'rtt.p99<50ms,loss==0' --by rate --hold 10s
  deno task perf search --start cluster=2 --by connections -c 100 --rate 100/s --max 10k --precision 10%
  deno task perf search --targets ws://127.0.0.1:9000 --speech plain --rate 2k/s

--rate or --clients is where the search begins. Exit codes: 0 found and confirmed, 1 not even the smallest load held,
2 wrong usage, 4 not confirmed, 5 target lost or none, 130 interrupted (what there is was written).`;

/** The subcommand. */
export const searchCommand: PerfCommand = {
  name: "search",
  build: (command, context) => {
    addLoadFlags(command)
      .description("find the largest rate or number of connections within demands")
      .addOption(new Option("--by <what>", "what is raised").choices(["rate", "connections"]).default("rate"))
      .addOption(
        new Option("--hold <time>", "how long a load has to hold")
          .argParser(option(parseDurationMs)).default(10_000, "10s"),
      )
      .option("--min <n>", "nothing below is tried", option((text) => parseCount(text)))
      .option("--max <n>", "nothing above is tried", option((text) => parseCount(text)))
      .addOption(
        new Option("--precision <share>", "how close held and broken get")
          .argParser(option(parseShare)).default(0.05, "5%"),
      )
      .option("--confirmations <n>", "how often a load has to hold", option((text) => parseCount(text)), 3)
      .addHelpText("after", EXAMPLES)
      .action((flags: SearchFlags) => {
        const request = searchRequest({ ...flags, slo: flags.slo ?? DEFAULT_SLO }, context);
        context.begin(inFormat(flags, (world) => endingOf(world, () => search(request, flags, world))));
      });
  },
};

function searchRequest(flags: SearchFlags, context: CommandContext): SearchRequest {
  const wrong = [["--messages", flags.messages], ["--duration", flags.duration], [
    "--stages",
    flags.stages,
  ]] as const;
  const [option] = wrong.find(([, value]) => value !== undefined) ?? [];
  if (option !== undefined) {
    throw new UsageError(`perf search sets the load itself: take --hold instead of ${option}`);
  }
  if (flags.model === "closed") throw new UsageError("A closed loop has no rate to raise: take --model open");
  const first = toRunRequest({ ...flags, duration: flags.hold, parts: ["traffic"] }, context);
  const { perSec, connections } = first.load.scenario;
  const runAt = (load: number): RunRequest => {
    const change = flags.by === "rate"
      ? { rate: load }
      : { clients: load, rate: perSec * load / connections };
    const seed = first.load.seed;
    return toRunRequest({ ...flags, ...change, seed, duration: flags.hold, parts: ["traffic"] }, context);
  };
  return {
    by: flags.by,
    isQuiet: first.isQuiet,
    runAt,
    plan: {
      start: flags.by === "rate" ? perSec : connections,
      min: flags.min ?? 1,
      max: flags.max ?? DEFAULT_MAX[flags.by],
      factor: 2,
      precision: flags.precision,
      confirmations: flags.confirmations,
      round: flags.by === "rate" ? roundRate : Math.round,
    },
  };
}

/** Three digits are as exact as such a limit ever is. */
function roundRate(perSec: number): number {
  return Number(perSec.toPrecision(3));
}

async function search(request: SearchRequest, flags: SearchFlags, world: PerfWorld): Promise<ExitCode> {
  const { subject, out, load, isQuiet } = request.runAt(request.plan.start);
  await prepareReports(out);
  const say = (line: string) => isQuiet ? undefined : world.err.write(`${line}\n`);
  await using chosen = await openSubject(subject, load.scenario, say, world.signal);
  const place = {
    kind: "search",
    name: `${request.by}-${load.scenario.name}`,
    wallMs: world.clock.wallMs(),
  } as const;
  const folder = await ExperimentFolder.open(out, place);
  const outcome = await searchLimit(request, chosen, world, (report) => folder.addRun(report));
  const context = {
    subject: nameOfSubject(subject),
    slo: flags.slo ?? DEFAULT_SLO,
    holdMs: flags.hold,
    confirmations: flags.confirmations,
  };
  return await tell(searchFindings(outcome, context), folder, world);
}

/** `perf drill`: what clients see when a node dies, stands still, or Redis is away. */
import { Option } from "commander";
import { type DrillRequest, runDrill } from "../experiments/drill.ts";
import {
  type DrillAction,
  parseBrokerDrop,
  parseKill,
  parsePause,
  parseRestart,
  planDrill,
  restartsOf,
} from "../experiments/drill_actions.ts";
import { drillFindings } from "../experiments/drill_findings.ts";
import { ExperimentFolder } from "../experiments/experiment_files.ts";
import type { PerfWorld } from "../measure.ts";
import { prepareReports, type ReportKind } from "../reports/report_files.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { parseCount } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import { type CommandContext, inFormat, option, type PerfCommand } from "./command.ts";
import { tell } from "./experiment_end.ts";
import { addLoadFlags, type LoadFlags } from "./load_flags.ts";
import { toRunRequest } from "./run_request.ts";
import { endingOf } from "./trouble.ts";

interface DrillFlags extends LoadFlags {
  readonly kill: readonly DrillAction[];
  readonly pause: readonly DrillAction[];
  readonly brokerDrop: readonly DrillAction[];
  /** True for `--restart` alone. */
  readonly restart?: true | readonly DrillAction[];
  readonly instances: number;
}

/** A drill is a single run: its time line is worth drawing. */
const DRAWN: readonly ReportKind[] = ["json", "md", "text", "html"];
const DEFAULT_DURATION_MS = 30_000;

const EXAMPLES = `
Examples:
  deno task perf drill --redis redis://127.0.0.1:6379 --kill 2@10s --restart          back after 2 s
  deno task perf drill --redis redis://127.0.0.1:6379 --kill 2@10s --restart 2@20s -c 200 --rate 2k/s
  deno task perf drill --redis redis://127.0.0.1:6379 --pause 1@10s:3s
  deno task perf drill --redis redis://127.0.0.1:6379 --broker-drop 5s@15s --pattern direct

Times count from the first measured message. Exit codes: 0 recovered, 1 not recovered or an SLO broken, 2 wrong usage,
3 a demand on loss, duplicates or order broken, 4 nothing can be claimed, 5 the nodes did not come up,
130 interrupted (what there is was written).`;

/** The subcommand. */
export const drillCommand: PerfCommand = {
  name: "drill",
  build: (command, context) => {
    addLoadFlags(command, { takesSubject: false })
      .description("harm a cluster of its own by plan and say what clients saw of it")
      .option("--instances <n>", "nodes to start", option((text) => parseCount(text)), 3)
      .addOption(
        new Option("--kill <what>", "end an instance at a time, like 2@10s; may be repeated")
          .argParser(collect(parseKill)).default([], "none"),
      )
      .option(
        "--restart [what]",
        "start it again, like 2@20s; alone: 2 s after each kill",
        collect(parseRestart),
      )
      .addOption(
        new Option("--pause <what>", "stop an instance for a while, like 1@10s:3s")
          .argParser(collect(parsePause)).default([], "none"),
      )
      .addOption(
        new Option("--broker-drop <what>", "cut the way to Redis, like 5s@15s")
          .argParser(collect(parseBrokerDrop)).default([], "none"),
      )
      .addHelpText("after", EXAMPLES)
      .action((flags: DrillFlags) => {
        const request = drillRequest(flags, context);
        context.begin(inFormat(flags, (world) => endingOf(world, () => drill(request, world))));
      });
  },
};

function collect(
  parse: (text: string) => readonly DrillAction[],
): (text: string, before: readonly DrillAction[] | true | undefined) => readonly DrillAction[] {
  return (text, before) => [...(Array.isArray(before) ? before : []), ...option(parse)(text)];
}

function drillRequest(flags: DrillFlags, context: CommandContext): DrillRequest {
  const { redis, instances, kill, pause, brokerDrop } = flags;
  if (redis === undefined) {
    throw new UsageError(
      "A drill starts its nodes one by one and needs a Redis they share: start redis-server and add " +
        "--redis redis://127.0.0.1:6379",
    );
  }
  if (flags.targets !== undefined) {
    throw new UsageError("A drill harms nodes that it started itself: leave --targets out");
  }
  const isTimed = flags.duration !== undefined || flags.messages !== undefined || flags.stages !== undefined;
  const run = toRunRequest({
    ...flags,
    ...(isTimed ? {} : { duration: DEFAULT_DURATION_MS }),
    reconnect: true,
    parts: ["traffic"],
  }, context);
  if (run.load.scenario.speech.kind !== "shoal") throw new UsageError("A drill starts nodes of Shoal only");
  const restarts = flags.restart === true ? restartsOf(kill) : flags.restart ?? [];
  const { durationMs } = run.load.scenario;
  const actions = planDrill([...kill, ...pause, ...brokerDrop, ...restarts], { instances, durationMs });
  return { instances, redis, actions, run };
}

async function drill(request: DrillRequest, world: PerfWorld): Promise<ExitCode> {
  const { out, load, slos } = request.run;
  await prepareReports(out);
  const place = { kind: "drill", name: load.scenario.name, wallMs: world.clock.wallMs() } as const;
  const folder = await ExperimentFolder.open(out, place);
  const outcome = await runDrill(request, world);
  await folder.addRun(outcome.report, DRAWN);
  return await tell(drillFindings(outcome, { instances: request.instances, slos }), folder, world);
}

/** `perf scale`: the scaling curve over several sizes of cluster. */
import { Option } from "commander";
import { ExperimentFolder } from "../experiments/experiment_files.ts";
import { measureSizes, type ScaleRequest } from "../experiments/scale.ts";
import { scaleFindings, type ScaleMeasure } from "../experiments/scale_findings.ts";
import { MIN_SIZES } from "../experiments/usl_fit.ts";
import type { PerfWorld } from "../measure.ts";
import { prepareReports } from "../reports/report_files.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { parseCount } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import { inFormat, option, type PerfCommand } from "./command.ts";
import { tell } from "./experiment_end.ts";
import { addLoadFlags, type LoadFlags } from "./load_flags.ts";
import { toRunRequest } from "./run_request.ts";
import { endingOf } from "./trouble.ts";

interface ScaleFlags extends Omit<LoadFlags, "instances"> {
  readonly repeats: number;
  readonly measure: ScaleMeasure;
  readonly predict: readonly number[];
}

const DEFAULT_SIZES: readonly number[] = [1, 2, 3, 4, 6, 8];
const MAX_SIZE = 64;

const EXAMPLES = `
Examples:
  deno task perf scale                                              1, 2, 3, 4, 6 and 8 nodes, three runs each
  deno task perf scale --instances 1,2,3,4,6,8 --pattern direct --rate 2k/s -z 10s
  deno task perf scale --pattern broadcast -c 60 --rate 50/s --redis redis://127.0.0.1:6379 --predict 12,16
  deno task perf scale --model closed -c 100 --measure throughput

Exit codes: 0 fitted, 2 wrong usage, 3 messages were lost, doubled or out of order, 4 no curve can be claimed,
5 a cluster did not come up, 130 interrupted (what there is was written).`;

/** The subcommand. */
export const scaleCommand: PerfCommand = {
  name: "scale",
  build: (command, context) => {
    addLoadFlags(command, { takesSubject: false })
      .description("fit a scaling curve through clusters of several sizes")
      .addOption(
        new Option("--instances <list>", "sizes of cluster").argParser(option(parseSizes)).default(
          DEFAULT_SIZES,
          DEFAULT_SIZES.join(","),
        ),
      )
      .option("--repeats <n>", "runs of each size", option((text) => parseCount(text)), 3)
      .addOption(
        new Option("--measure <what>", "what the curve is drawn through").choices([
          "core-seconds",
          "throughput",
        ])
          .default("core-seconds"),
      )
      .addOption(
        new Option("--predict <list>", "sizes to predict, up to twice the largest measured")
          .argParser(option(parseSizes)).default([], "none"),
      )
      .addOption(new Option("--fit <law>", "the only one there is").choices(["usl"]).hideHelp())
      .addHelpText("after", EXAMPLES)
      .action(({ instances, ...flags }: ScaleFlags & { readonly instances: readonly number[] }) => {
        if (flags.targets !== undefined) {
          throw new UsageError("perf scale starts clusters of its own: leave --targets out");
        }
        const run = toRunRequest({ ...flags, parts: flags.parts ?? ["traffic"] }, context);
        if (run.load.scenario.speech.kind !== "shoal") {
          throw new UsageError("perf scale starts clusters of Shoal only");
        }
        const request = { sizes: instances, repeats: flags.repeats, redis: flags.redis, run };
        if (instances.length < MIN_SIZES) {
          throw new UsageError(`A curve needs at least ${MIN_SIZES} sizes: write --instances 1,2,3,4,6,8`);
        }
        context.begin(inFormat(flags, (world) => endingOf(world, () => scale(request, flags, world))));
      });
  },
};

async function scale(request: ScaleRequest, flags: ScaleFlags, world: PerfWorld): Promise<ExitCode> {
  const { out, load } = request.run;
  await prepareReports(out);
  const place = { kind: "scale", name: load.scenario.name, wallMs: world.clock.wallMs() } as const;
  const folder = await ExperimentFolder.open(out, place);
  const outcome = await measureSizes(request, world, (report) => folder.addRun(report));
  const { measure, predict } = flags;
  const context = {
    seed: load.seed,
    scenario: load.scenario.name,
    cores: navigator.hardwareConcurrency,
    measure,
    predict,
  };
  return await tell(scaleFindings(outcome, context), folder, world);
}

function parseSizes(text: string): readonly number[] {
  const sizes = text.split(",").map((part) => parseCount(part.trim()));
  const tooLarge = sizes.find((size) => size > MAX_SIZE);
  if (tooLarge !== undefined) {
    throw new UsageError(`Cannot start ${tooLarge} nodes here: at most ${MAX_SIZE}`);
  }
  return [...new Set(sizes)].sort((a, b) => a - b);
}

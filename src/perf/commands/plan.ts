/** `perf plan`: how many nodes and Redis shards a load takes, from a measured run; and a check of its model. */
import { ExperimentFolder } from "../experiments/experiment_files.ts";
import { measuredCost, planCapacity, type PlanDemand, type PlanLimits } from "../experiments/plan.ts";
import { checkModel, type CheckRequest } from "../experiments/plan_check.ts";
import { checkFindings } from "../experiments/plan_check_findings.ts";
import { planFindings } from "../experiments/plan_findings.ts";
import { runFault } from "../experiments/run_numbers.ts";
import type { PerfWorld } from "../measure.ts";
import { prepareReports } from "../reports/report_files.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { parseCount, parsePerSec, parseShare } from "../units.ts";
import { UsageError } from "../usage_error.ts";
import { option, type PerfCommand } from "./command.ts";
import { tell } from "./experiment_end.ts";
import { readReport } from "./read_report.ts";
import { endingOf } from "./trouble.ts";

interface PlanFlags {
  readonly connections?: number;
  readonly rate?: number;
  readonly from?: string;
  readonly channels?: number;
  readonly zipf: number;
  readonly subscriptions: number;
  readonly churn: number;
  readonly payload: number;
  readonly cpu: number;
  readonly nodeMemory: number;
  readonly shardMessages: number;
  readonly shardBandwidth: number;
  readonly check?: boolean;
  readonly redis?: string;
  readonly sizes: readonly number[];
  readonly publications: number;
  readonly seed: number;
  readonly out: string;
}

const EXAMPLES = `
Examples:
  deno task perf run --start cluster=2 --pattern direct -c 200 --rate 2k/s -z 20s      a run to plan from
  deno task perf plan --connections 10M --rate 500k/s --from reports/.../run.json
  deno task perf plan --connections 200k --rate 5k/s --channels 20k --zipf 1 --subscriptions 3 --from run.json
  deno task perf plan --check --redis redis://127.0.0.1:6379       the model against 3, 6 and 12 nodes that run here

Exit codes: 0 planned, or the model holds; 1 the model does not hold; 2 wrong usage; 4 the run proves nothing;
5 a cluster did not come up; 130 interrupted (what there is was written).`;

/** What a check does when nobody says otherwise. */
const CHECK = { connections: 240, channels: 120, zipf: 1, subscriptions: 3 } as const;

/** The subcommand. */
export const planCommand: PerfCommand = {
  name: "plan",
  build: (command, context) => {
    const count = option((text: string) => parseCount(text));
    command
      .description("nodes, Redis shards, memory and network for a load, from a measured run")
      .option("--connections <n>", "connections to hold", count)
      .option("--rate <n/s>", "publications or requests into the cluster", option(parsePerSec))
      .option("--from <report>", "run.json of a run on nodes of Shoal, as near to the load as can be")
      .option("--channels <n>", "channels (default: one for each connection)", count)
      .option(
        "--zipf <exponent>",
        "how much popular channels are preferred; 0: not at all",
        option(parseExponent),
        0,
      )
      .option("--subscriptions <n>", "channels of each client", count, 1)
      .option("--churn <share/s>", "clients replaced each second", option(parseShare), 0.001)
      .option("--payload <bytes>", "of a publication", count, 64)
      .option("--cpu <share>", "of a core that a node may use", option(parseShare), 0.6)
      .option("--node-memory <bytes>", "of a node, for connections", count, 1_000_000_000)
      .option("--shard-messages <n/s>", "in and out of one Redis shard", option(parsePerSec), 200_000)
      .option("--shard-bandwidth <bytes>", "out of one Redis shard, per second", count, 500_000_000)
      .option("--check", "hold the model against clusters that are started here")
      .option("--redis <url>", "Redis for the check")
      .option("--sizes <list>", "clusters to check", option(parseSizes), [3, 6, 12])
      .option("--publications <n>", "of the check", count, 3_000)
      .option("--seed <n>", "of the model", option((text) => parseCount(text, 0)), 1)
      .option("--out <folder>", "where reports go", "reports/")
      .addHelpText("after", EXAMPLES)
      .action((flags: PlanFlags) => {
        if (flags.check === true) {
          const request = checkRequest(flags);
          context.begin((world) => endingOf(world, () => check(request, flags.out, world)));
        } else {
          const { from, demand } = planRequest(flags);
          context.begin((world) => endingOf(world, () => plan(from, demand, flags, world)));
        }
      });
  },
};

function checkRequest({ redis, sizes, publications, payload, seed, ...flags }: PlanFlags): CheckRequest {
  if (redis === undefined) {
    throw new UsageError(
      "The check counts what Redis tells the nodes: start redis-server and add --redis redis://127.0.0.1:6379",
    );
  }
  const use = {
    ...CHECK,
    connections: flags.connections ?? CHECK.connections,
    channels: flags.channels ?? CHECK.channels,
  };
  return { sizes, redis, use, publications, payloadBytes: payload, seed };
}

function planRequest(flags: PlanFlags): { readonly from: string; readonly demand: PlanDemand } {
  const { connections, rate, from, zipf, subscriptions, churn, payload } = flags;
  if (connections === undefined || rate === undefined || from === undefined) {
    throw new UsageError(
      "A plan needs a load and a measured run: --connections 10M --rate 500k/s --from reports/.../run.json",
    );
  }
  const channels = flags.channels ?? connections;
  const demand = {
    connections,
    perSec: rate,
    channels,
    zipf,
    subscriptions,
    churnPerSec: churn,
    payloadBytes: payload,
  };
  return { from, demand };
}

async function check(request: CheckRequest, out: string, world: PerfWorld): Promise<ExitCode> {
  await prepareReports(out);
  const place = { kind: "plan", name: "check", wallMs: world.clock.wallMs() } as const;
  const folder = await ExperimentFolder.open(out, place);
  const rows = await checkModel(request, world);
  return await tell(checkFindings(rows, request, world.signal.aborted), folder, world);
}

async function plan(from: string, demand: PlanDemand, flags: PlanFlags, world: PerfWorld): Promise<ExitCode> {
  const report = await readReport(from);
  const cost = measuredCost(report, flags.seed);
  if (cost === undefined) {
    throw new UsageError(
      `Cannot plan from "${from}": it has no CPU of its instances; run nodes of Shoal for at least some seconds`,
    );
  }
  const limits: PlanLimits = {
    cpuShare: flags.cpu,
    nodeBytes: flags.nodeMemory,
    shardMessagesPerSec: flags.shardMessages,
    shardBytesPerSec: flags.shardBandwidth,
  };
  const measuredSeconds = Math.round((report.result.traffic?.sendMs ?? 0) / 1_000);
  const capacity = planCapacity(demand, cost, { limits, seed: flags.seed });
  await prepareReports(flags.out);
  const place = { kind: "plan", name: `${demand.connections}`, wallMs: world.clock.wallMs() } as const;
  const folder = await ExperimentFolder.open(flags.out, place);
  const findings = planFindings(capacity, {
    from,
    measuredSeconds,
    demand,
    limits,
    cost,
    fault: runFault(report),
  });
  return await tell(findings, folder, world);
}

function parseExponent(text: string): number {
  const exponent = Number(text);
  if (text.trim() === "" || !(exponent >= 0 && exponent <= 5)) {
    throw new UsageError(`Cannot read exponent "${text}": write a number from 0 to 5, like 1`);
  }
  return exponent;
}

function parseSizes(text: string): readonly number[] {
  return text.split(",").map((part) => parseCount(part.trim()));
}

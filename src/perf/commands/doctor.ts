/** `perf doctor`: what this machine can hold, before anything is tried. Changes nothing. */
import type { PerfWorld } from "../measure.ts";
import { layTable } from "../reports/table.ts";
import { presets } from "../scenario/presets.ts";
import { type CapacityDemand, checkCapacity, type MachineLimits, readLimits } from "../targets/capacity.ts";
import { parseTargets } from "../targets/target.ts";
import { isLoopback } from "../targets/loopback.ts";
import { type ExitCode, exitCodes } from "../truth/verdict.ts";
import { formatCount, parseCount } from "../units.ts";
import { option, type PerfCommand } from "./command.ts";

interface DoctorFlags {
  readonly clients: number;
  readonly instances: number;
  readonly targets?: string;
  readonly workers?: number;
  readonly sourceIps: number;
}

const EXAMPLES = `
Examples:
  deno task perf doctor -c 100k --instances 8
  deno task perf doctor -c 50k --targets ws://10.0.0.5:8080,ws://10.0.0.6:8080

Exit codes: 0 it fits, 4 something is short.`;

/** The subcommand. */
export const doctorCommand: PerfCommand = {
  name: "doctor",
  build: (command, context) => {
    command
      .description("say what this machine can hold, and what to change; changes nothing")
      .option("-c, --clients <n>", "connections to plan for", option((text) => parseCount(text)), 1_000)
      .option("--instances <n>", "servers on this machine", option((text) => parseCount(text)), 2)
      .option("--targets <urls>", "servers elsewhere, instead of --instances")
      .option(
        "--workers <n>",
        "generator processes (default: as many as needed)",
        option((text) => parseCount(text)),
      )
      .option(
        "--source-ips <n>",
        "local addresses to connect from, 0: the system's choice",
        option((text) => parseCount(text, 0)),
        0,
      )
      .addHelpText("after", EXAMPLES)
      .action((flags: DoctorFlags) => {
        const demandOf = planner(flags);
        context.begin(async (world) => diagnose(demandOf, await readLimits(), world));
      });
  },
};

function planner(flags: DoctorFlags): (limits: MachineLimits) => CapacityDemand {
  const targets = flags.targets === undefined ? undefined : parseTargets(flags.targets);
  const { batch, maxActiveBatches } = presets.xl.ramp;
  return (limits) => ({
    connections: flags.clients,
    targets: targets?.length ?? flags.instances,
    workers: flags.workers ?? Math.ceil(flags.clients / Math.max(1, (limits.maxFiles ?? 20_000) * 0.8)),
    sourceIps: flags.sourceIps,
    isLocal: targets?.every(isLoopback) ?? true,
    inFlight: batch * maxActiveBatches,
  });
}

function diagnose(
  demandOf: (limits: MachineLimits) => CapacityDemand,
  limits: MachineLimits,
  world: PerfWorld,
): ExitCode {
  const demand = demandOf(limits);
  const findings = checkCapacity(demand, limits);
  const short = findings.filter((finding) => !finding.isEnough);
  const where = demand.isLocal ? "on this machine" : "elsewhere";
  const head = `${formatCount(demand.connections)} connections to ${demand.targets} servers ${where}, ` +
    `${demand.workers} generator process${demand.workers === 1 ? "" : "es"}, ${limits.cores} cores`;
  const rows = findings.map((
    { resource, isEnough, need, have },
  ) => [resource, isEnough ? "ok" : "SHORT", need, have]);
  const lines = [
    head,
    "",
    ...layTable([["RESOURCE", "", "NEED", "HAVE"], ...rows]),
    ...(findings.length === 0 ? ["  Nothing could be read here: the plan is a guess."] : []),
    ...short.map((finding) => `  ${finding.resource}: ${finding.next}`),
    "",
    short.length > 0
      ? "  It does not fit."
      : `  It fits: deno task perf run -c ${demand.connections} --workers ${demand.workers}`,
    "",
  ];
  world.out.write(lines.join("\n"));
  return short.length > 0 ? exitCodes.invalid : exitCodes.ok;
}

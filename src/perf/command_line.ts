/** The command line of `deno task perf`. commander enters here: subcommands, help and suggestions for typing errors. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Part } from "./engine.ts";
import type { PacerKind } from "./pacer.ts";
import type { RunRequest } from "./run_command.ts";
import { presets, resolveScenario } from "./scenario.ts";
import { parseSlos } from "./slo.ts";
import { parseCount, parseDurationMs, parsePerSec } from "./units.ts";
import { UsageError } from "./usage_error.ts";

/** What a command line asks for: a run, or just an exit code because help was shown or the line was wrong. */
export type CommandLine =
  | { readonly kind: "run"; readonly request: RunRequest }
  | { readonly kind: "exit"; readonly code: number };

/** Where help and complaints go. */
export interface CommandOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

interface RunFlags {
  readonly scenario: string;
  readonly targets?: string;
  readonly start?: boolean;
  readonly instances: number;
  readonly redis?: string;
  readonly clients?: number;
  readonly messages?: number;
  readonly rate?: number;
  readonly duration?: number;
  readonly payload?: number;
  readonly warmup?: number;
  readonly drain: number;
  readonly parts: readonly Part[];
  readonly pacer: PacerKind;
  readonly window: number;
  readonly slo?: string;
  readonly seed?: number;
  readonly out: string;
  readonly quiet?: boolean;
}

const PARTS: readonly Part[] = ["http", "ws", "cross"];

const EXAMPLES = `
Examples:
  deno task perf                                      light, on the nodes of this machine or on a cluster of its own
  deno task perf --scenario medium --slo 'rtt.p99<50ms,loss==0'
  deno task perf run --targets ws://127.0.0.1:8080,ws://127.0.0.1:8081 -c 200 --rate 2k/s -z 20s
  deno task perf --start --instances 3 --parts ws,cross --pacer spin

Exit codes: 0 all demands kept, 1 an SLO broken, 2 wrong usage, 3 messages lost, doubled or out of order,
4 the run proves nothing, 5 target lost or none, 130 interrupted (the partial report is written).`;

/** Reads the command line. Complaints and help are written to `output`. */
export function readCommandLine(
  args: readonly string[],
  output: CommandOutput,
  newSeed: () => number,
): CommandLine {
  let request: RunRequest | undefined;
  const program = buildProgram(output, (flags) => request = toRequest(flags, args, newSeed));
  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    return { kind: "exit", code: codeOf(error, output) };
  }
  return request === undefined ? { kind: "exit", code: 0 } : { kind: "run", request };
}

function codeOf(error: unknown, output: CommandOutput): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof UsageError)) throw error;
  output.writeErr(`error: ${error.message}\n`);
  return 2;
}

function buildProgram(output: CommandOutput, onRun: (flags: RunFlags) => void): Command {
  const program = new Command("perf")
    .description("Measures WebSocket and HTTP servers, Shoal's clusters best.")
    .exitOverride()
    .configureOutput({ writeOut: output.writeOut, writeErr: output.writeErr })
    .showHelpAfterError("(add --help for the options and examples)");
  addRunOptions(program.command("run", { isDefault: true }))
    .description("run one scenario and judge it (the default)")
    .addHelpText("after", EXAMPLES)
    .action((flags: RunFlags) => onRun(flags));
  return program;
}

function addRunOptions(command: Command): Command {
  return command
    .addOption(new Option("--scenario <name>", "preset").choices(Object.keys(presets)).default("light"))
    .option(
      "--targets <urls>",
      "comma-separated ws:// or http:// addresses (default: nodes on ports 8080-8082)",
    )
    .option("--start", "start a cluster of our own, even if nodes run")
    .option("--no-start", "never start one")
    .option("--instances <n>", "size of a cluster of our own", (text) => usage(() => parseCount(text)), 2)
    .option("--redis <url>", "Redis for a cluster of our own (default: embedded hub)")
    .option("-c, --clients <n>", "connections, over all instances", (text) => usage(() => parseCount(text)))
    .option("-n, --messages <n>", "measured messages", (text) => usage(() => parseCount(text)))
    .option(
      "--rate <n/s>",
      "messages per second, over all connections",
      (text) => usage(() => parsePerSec(text)),
    )
    .option(
      "-z, --duration <time>",
      "length of the measured phase",
      (text) => usage(() => parseDurationMs(text)),
    )
    .option("--payload <bytes>", "size of a message's payload", (text) => usage(() => parseCount(text, 0)))
    .option("--warmup <time>", "before measuring (default: 3s)", (text) => usage(() => parseDurationMs(text)))
    .option(
      "--drain <time>",
      "wait for answers at most",
      (text) => usage(() => parseDurationMs(text)),
      10_000,
    )
    .option("--parts <list>", "of http, ws, cross", parseParts, PARTS)
    .addOption(
      new Option("--pacer <kind>", "spin is exact and takes a core").choices(["timer", "spin"]).default(
        "timer",
      ),
    )
    .option(
      "--window <n>",
      "unanswered messages per connection, 0: any",
      (text) => usage(() => parseCount(text, 0)),
      0,
    )
    .option("--slo <list>", "demands, like 'rtt.p99<50ms,loss==0'")
    .option(
      "--seed <n>",
      "for payloads and names (default: random)",
      (text) => usage(() => parseCount(text, 0)),
    )
    .option("--out <folder>", "where reports go", "reports/")
    .option("--quiet", "no progress");
}

function parseParts(text: string): readonly Part[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !PARTS.some((part) => part === name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${PARTS.join(", ")}.`);
  return PARTS.filter((part) => names.includes(part));
}

/** commander names the option in front of the message, if it gets its own kind of error. */
function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UsageError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function toRequest(flags: RunFlags, argv: readonly string[], newSeed: () => number): RunRequest {
  const scenario = resolveScenario(flags.scenario, {
    connections: flags.clients,
    messages: flags.messages,
    perSec: flags.rate,
    durationMs: flags.duration,
    payloadBytes: flags.payload,
    warmupMs: flags.warmup,
  });
  const { targets, start, instances, redis, parts, pacer, window, drain, out } = flags;
  return {
    choice: { targets, start, instances, redis },
    load: { scenario, parts, pacer, window, drainMs: drain, seed: flags.seed ?? newSeed() },
    slos: parseSlos(flags.slo ?? ""),
    out,
    isQuiet: flags.quiet === true,
    argv: argv.map(withoutSecrets),
  };
}

/** Reports are passed around: a password or token in a URL must not be. */
function withoutSecrets(arg: string): string {
  return arg.replaceAll(/\/\/[^/@\s,]*@/g, "//***@").replaceAll(
    /([?&][^=&,]*(?:token|key)[^=&,]*=)[^&,]*/gi,
    "$1***",
  );
}

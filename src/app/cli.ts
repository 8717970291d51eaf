/** The command line `shoal`: reads arguments, finds the command, answers with an exit code. */
// commander: subcommands, help texts and suggestions for mistyped flags.
import { Command, CommanderError } from "commander";
import { commandComplaint } from "../core/command_complaint.ts";
import { MISCONFIGURED_EXIT_CODE } from "../core/supervision.ts";
import { addClusterCommand, CLUSTER_SUBCOMMANDS } from "./cluster_command.ts";
import { type Commands, systemCommands } from "./commands.ts";
import { addConfigCommand } from "./config_command.ts";
import { addConfigFlags, type ConfigFlagValues, loadOrReport } from "./config_flags.ts";
import { type CliContext, exitCodes, systemContext } from "./context.ts";
import { addNginxCommand } from "./nginx_command.ts";
import { addTokenCommand } from "./token_command.ts";
import { VERSION_LINE } from "./version_line.ts";

const START_HELP = `
Without Redis a node keeps all in memory and knows no other node. Any option can be set: deno task config docs

Examples:
  deno task start
  deno task start --port 9000 --redis redis://127.0.0.1:6379
  deno task start --set ping_interval_ms=10000 --log-level debug
  SHOAL_TOKEN_HMAC_SECRET=... deno task start --host 0.0.0.0`;

/**
 * Runs one command line, without the program's name, and answers its exit code. Misuse answers 2 after one line on
 * stderr. What a command throws goes through.
 */
export async function runCli(
  args: readonly string[],
  context: CliContext = systemContext(),
  commands: Commands = systemCommands,
): Promise<number> {
  const [first, ...rest] = args;
  // All that follows is perf's own, `--help` and `--` included.
  if (first === "perf" && !isVersion(rest)) return await commands.perf(rest);
  let exitCode: number = exitCodes.ok;
  const program = buildProgram(context, commands, (code) => exitCode = code);
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.misuse;
  }
}

function buildProgram(context: CliContext, commands: Commands, finish: (code: number) => void): Command {
  const program = new Command("shoal")
    .description("Realtime WebSocket server that scales out: one node, a cluster, and its load tester.")
    .version(VERSION_LINE)
    .exitOverride()
    .configureHelp({ styleTitle: bold })
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      outputError: (text, write) => write(`Cannot read the command line: ${usageProblem(text)}\n`),
    })
    .showHelpAfterError(
      "`--help` after the command shows what it takes, `deno task config docs` lists all options.",
    );
  addStartCommand(program, context, commands, finish);
  addClusterCommand(program, { context, commands, finish });
  program.command("perf").description("load tester: `deno task perf --help`").version(VERSION_LINE);
  addConfigCommand(program, context, finish);
  addTokenCommand(program, context, finish);
  addNginxCommand(program, context, finish);
  return program;
}

function addStartCommand(
  program: Command,
  context: CliContext,
  commands: Commands,
  finish: (code: number) => void,
): void {
  const command = program.command("start").description("run one node").version(VERSION_LINE)
    .addHelpText("after", START_HELP);
  addConfigFlags(command, ["port", "host", "redis", "sharedPort", "logLevel", "insecure"], {
    port: "default: 8080",
  })
    .action(async (values: ConfigFlagValues) => {
      const loaded = await loadOrReport(values, context);
      // A code of its own tells a supervisor that starting again is of no use.
      finish(loaded === undefined ? MISCONFIGURED_EXIT_CODE : await commands.start(loaded.config));
    });
}

function isVersion(words: readonly string[]): boolean {
  return words.length === 1 && words[0] === "--version";
}

/** Commander's complaint as one line without its prefix. */
function usageProblem(text: string): string {
  return commandComplaint(text, { cluster: CLUSTER_SUBCOMMANDS }).replace(/^error: /, "");
}

/** Commander takes the codes out again where colours are not wanted (`NO_COLOR`, no terminal). */
function bold(text: string): string {
  return `\x1b[1m${text}\x1b[22m`;
}

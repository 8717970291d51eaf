/** The command line of `deno task perf`: finds the subcommand and lets it read its options. */
import { Command, CommanderError } from "commander";
import { commandComplaint } from "../../core/command_complaint.ts";
import { UsageError } from "../usage_error.ts";
import { withoutSecrets } from "../without_secrets.ts";
import type { CommandContext, PerfCommand, Work } from "./command.ts";
import { perfCommands } from "./table.ts";

/** What a command line asks for: work, or just an exit code because help was shown or the line was wrong. */
export type CommandLine =
  | { readonly kind: "work"; readonly work: Work }
  | { readonly kind: "exit"; readonly code: number };

/** Where help and complaints go. */
export interface CommandOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

/** Reads the command line. Complaints and help are written to `output`. */
export function readCommandLine(
  args: readonly string[],
  output: CommandOutput,
  newSeed: () => number,
  commands = perfCommands,
): CommandLine {
  let work: Work | undefined;
  const argv = args.map(withoutSecrets);
  const program = buildProgram(commands, output, { argv, newSeed, begin: (some) => work = some });
  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    return { kind: "exit", code: codeOf(error, output) };
  }
  return work === undefined ? { kind: "exit", code: 0 } : { kind: "work", work };
}

function buildProgram(
  commands: readonly PerfCommand[],
  output: CommandOutput,
  context: CommandContext,
): Command {
  const program = new Command("perf")
    .description("Measures WebSocket and HTTP servers, Shoal's clusters best.")
    .exitOverride()
    .configureOutput({
      writeOut: output.writeOut,
      writeErr: output.writeErr,
      outputError: (text, write) => write(`${complaintOf(text, commands)}\n`),
    })
    .showHelpAfterError("(add --help for the options and examples)");
  for (const { name, isDefault = false, build } of commands) {
    build(program.command(name, { isDefault }), context);
  }
  return program;
}

/** A mistyped subcommand is an argument too many of the one that runs by default. */
function complaintOf(text: string, commands: readonly PerfCommand[]): string {
  const names = commands.map(({ name }) => name);
  const complaint = commandComplaint(
    text,
    Object.fromEntries(commands.filter(({ isDefault }) => isDefault).map(({ name }) => [name, names])),
  );
  return complaint.startsWith("error: ") ? complaint : `error: ${complaint}`;
}

function codeOf(error: unknown, output: CommandOutput): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof UsageError)) throw error;
  output.writeErr(`error: ${error.message}\n`);
  return 2;
}

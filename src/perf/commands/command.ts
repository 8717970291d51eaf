/** What a subcommand is. commander enters `perf` in this folder: subcommands, help and suggestions for typing errors. */
import { type Command, InvalidArgumentError } from "commander";
import type { OutputFormat, PerfWorld } from "../measure.ts";
import type { ExitCode } from "../truth/verdict.ts";
import { UsageError } from "../usage_error.ts";

/** What a command does once its line was read. */
export type Work = (world: PerfWorld) => Promise<ExitCode>;

/** The options that choose the {@linkcode OutputFormat}. */
export interface FormatFlags {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** Does `work` in a world that tells its outcome as the flags say. Throws UsageError when they say two things. */
export function inFormat({ json = false, markdown = false }: FormatFlags, work: Work): Work {
  if (json && markdown) throw new UsageError("Cannot print both: take --json or --markdown");
  const format: OutputFormat = json ? "json" : markdown ? "markdown" : "screen";
  return (world) => work({ ...world, format });
}

/** What a command may know of its line. */
export interface CommandContext {
  /** The line without passwords and tokens, for reports. */
  readonly argv: readonly string[];
  readonly newSeed: () => number;
  /** To be called by the action with the work to do. */
  readonly begin: (work: Work) => void;
}

/** One subcommand: a file of this folder, listed in `table.ts`. */
export interface PerfCommand {
  readonly name: string;
  /** Runs when no subcommand is named. */
  readonly isDefault?: boolean;
  /** Adds description, options and an action that reads the options and calls `begin`; it may throw UsageError. */
  readonly build: (command: Command, context: CommandContext) => void;
}

/** Makes a parser of ours fit commander, which names the option in front of the message only for its own errors. */
export function option<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof UsageError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

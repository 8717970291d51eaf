/** `shoal config`: checks, prints and documents the configuration. */
import type { Command } from "commander";
import {
  envExample,
  optionTables,
  printedConfig,
  printedOrigins,
  REFRESH_COMMAND,
  withOptionTables,
} from "../config/mod.ts";
import {
  addConfigFlags,
  type ConfigFlagValues,
  faultyConfigCode,
  loadOrReport,
  type ShortFlag,
} from "./config_flags.ts";
import { type CliContext, exitCodes } from "./context.ts";

const DOCS_FILE = "docs/configuration.md";
const ENV_FILE = ".env.example";
const FLAGS: readonly ShortFlag[] = [
  "port",
  "host",
  "redis",
  "sharedPort",
  "logLevel",
  "memoryLimit",
  "insecure",
];

/** Adds `config` and its subcommands; each hands its exit code to `finish`. */
export function addConfigCommand(
  program: Command,
  context: CliContext,
  finish: (code: number) => void,
): void {
  const command = program.command("config").description("check, print or document the configuration");
  addConfigFlags(command.command("check"), FLAGS)
    .description("exit code 0 when the configuration can be used, else 2 and all faults")
    .action(async (values: ConfigFlagValues) => finish(await checkConfig(values, context)));
  addConfigFlags(command.command("print"), FLAGS)
    .description("the resolved configuration as JSON, secrets masked; on stderr, where each value came from")
    .action(async (values: ConfigFlagValues) => finish(await printConfig(values, context)));
  command.command("docs")
    .description("all options as Markdown tables")
    .option("--env", `print ${ENV_FILE} instead`)
    .option("--write", `refresh ${DOCS_FILE} and ${ENV_FILE}`)
    .action(async (values: DocsFlags) => finish(await documentConfig(values, context)));
}

interface DocsFlags {
  readonly env?: true;
  readonly write?: true;
}

async function checkConfig(values: ConfigFlagValues, context: CliContext): Promise<number> {
  const loaded = await loadOrReport(values, context);
  if (loaded === undefined) return faultyConfigCode;
  const { size } = loaded.origins;
  context.out(
    `The configuration can be used; ${size === 0 ? "all is default" : `${size} options are set`}\n`,
  );
  return exitCodes.ok;
}

async function printConfig(values: ConfigFlagValues, context: CliContext): Promise<number> {
  const loaded = await loadOrReport(values, context);
  if (loaded === undefined) return faultyConfigCode;
  context.out(`${printedConfig(loaded.config)}\n`);
  for (const line of printedOrigins(loaded.origins)) context.err(`${line}\n`);
  return exitCodes.ok;
}

async function documentConfig(values: DocsFlags, context: CliContext): Promise<number> {
  if (values.write) return await writeDocs(context);
  context.out(values.env ? envExample() : `${optionTables()}\n`);
  return exitCodes.ok;
}

async function writeDocs(context: CliContext): Promise<number> {
  try {
    await Deno.writeTextFile(DOCS_FILE, withOptionTables(await Deno.readTextFile(DOCS_FILE)));
    await Deno.writeTextFile(ENV_FILE, envExample());
    return exitCodes.ok;
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotCapable) && !(thrown instanceof Deno.errors.NotFound)) {
      throw thrown;
    }
    context.err(`Cannot write ${DOCS_FILE} and ${ENV_FILE}; in the top folder run: ${REFRESH_COMMAND}\n`);
    return exitCodes.misuse;
  }
}

/** The flags through which every command takes its configuration. */
import { type Command, InvalidArgumentError } from "commander";
import {
  type Config,
  type ConfigOptions,
  type Fault,
  type Flag,
  loadConfig,
  type Origins,
} from "../config/mod.ts";
import { type CliContext, exitCodes } from "./context.ts";

/** Flags that stand for one option each; every other option goes by `--set`. */
const shortFlags = {
  port: { name: "port", usage: "--port <port>", text: "port to listen on, 0 for any free one" },
  host: { name: "host", usage: "--host <address>", text: "address to bind" },
  redis: { name: "redis_url", usage: "--redis <url>", text: "Redis that the nodes share" },
  sharedPort: {
    name: "shared_port",
    usage: "--shared-port <port>",
    text: "second port, shared by all nodes of this machine; 0 is off",
  },
  logLevel: { name: "log_level", usage: "--log-level <level>", text: "trace, debug, info, warn or error" },
  memoryLimit: {
    name: "memory_limit_mb",
    usage: "--memory-limit <MB>",
    text: "replace a node that uses more; 0 is no limit",
  },
  insecure: { name: "insecure", usage: "--insecure", text: "serve anyone on any address without tokens" },
} as const;

/** The name of a flag, as commander knows it. */
export type ShortFlag = keyof typeof shortFlags;

/** What commander collects of the flags that {@linkcode addConfigFlags} adds. */
export interface ConfigFlagValues extends Partial<Record<ShortFlag, string | true>> {
  readonly config?: string;
  readonly set?: readonly Flag[];
}

/** A configuration that can be used, and where it came from. */
export interface Loaded {
  readonly config: Config;
  readonly origins: Origins;
}

/** Adds the flags named, and `--config` and `--set`; `notes` adds a word on a default to a flag's text. */
export function addConfigFlags(
  command: Command,
  names: readonly ShortFlag[],
  notes: Partial<Record<ShortFlag, string>> = {},
): Command {
  for (const name of names) {
    const { usage, text } = shortFlags[name];
    const note = notes[name];
    command.option(usage, note === undefined ? text : `${text} (${note})`);
  }
  return command
    .option("--config <file>", "configuration file, JSON")
    .option("--set <option=value>", "any other option, may be repeated", collect);
}

/** The flags given, by option name. Those of their own win over `--set`. */
export function flagsOf(values: ConfigFlagValues): readonly Flag[] {
  const flags = [...values.set ?? []];
  for (const [key, { name, usage }] of Object.entries(shortFlags)) {
    const value: unknown = Reflect.get(values, key);
    if (value === undefined) continue;
    flags.push({ name, text: String(value), source: usage.split(" ")[0] ?? usage });
  }
  return flags;
}

/** Loads the configuration; when it cannot be used, lists all faults on stderr and answers undefined. */
export async function loadOrReport(
  values: ConfigFlagValues,
  context: CliContext,
  defaults: ConfigOptions = {},
): Promise<Loaded | undefined> {
  const { env } = context;
  const resolution = await loadConfig({ flags: flagsOf(values), env, file: values.config, defaults });
  if (resolution.isUsable) return resolution;
  reportFaults(resolution.faults, context);
  return undefined;
}

/** The exit code of a command whose configuration cannot be used. */
export const faultyConfigCode: number = exitCodes.misuse;

function reportFaults(faults: readonly Fault[], context: CliContext): void {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  for (const { message } of faults) context.err(`${message}\n`);
  context.err(`${count} in the configuration; \`deno task config docs\` lists all options\n`);
}

function collect(text: string, earlier: readonly Flag[] = []): readonly Flag[] {
  const split = text.indexOf("=");
  if (split < 1) throw new InvalidArgumentError("Want option=value, such as ping_interval_ms=10000.");
  return [...earlier, { name: text.slice(0, split), text: text.slice(split + 1), source: "--set" }];
}

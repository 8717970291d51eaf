/** `shoal cluster`: N nodes and their supervisor. */
import { type Command, InvalidArgumentError } from "commander";
import type { ClusterOptions } from "../cluster/mod.ts";
import { type Config, FILE_VARIABLE, isOpenMode } from "../config/mod.ts";
import type { Commands } from "./commands.ts";
import {
  addConfigFlags,
  type ConfigFlagValues,
  faultyConfigCode,
  flagsOf,
  loadOrReport,
} from "./config_flags.ts";
import type { CliContext } from "./context.ts";

const DEFAULT_INSTANCES = 3;
const DEFAULT_SHARED_PORT = 8000;

/** Options that the supervisor hands to each node in its own way. */
const supervised: ReadonlySet<string> = new Set([
  "port",
  "shared_port",
  "host",
  "redis_url",
  "memory_limit_mb",
]);

interface ClusterFlags extends ConfigFlagValues {
  readonly instances: number;
}

const HELP = `
Node n listens on port + n, and all of them on the shared port. Without Redis the supervisor serves an embedded hub.

Examples:
  deno task cluster
  deno task cluster --instances 4 --redis redis://127.0.0.1:6379
  deno task cluster --memory-limit 512 --set max_message_bytes=1048576
  deno task cluster stop --port 8080`;

/** Adds `cluster` and `cluster stop`; each hands its exit code to `finish`. */
export function addClusterCommand(
  program: Command,
  { context, commands, finish }: { context: CliContext; commands: Commands; finish: (code: number) => void },
): void {
  const command = program.command("cluster")
    .description("start and supervise several nodes on this machine")
    .option("--instances <n>", "how many nodes", wantedCount, DEFAULT_INSTANCES)
    .addHelpText("after", HELP);
  const flags = ["port", "sharedPort", "host", "redis", "memoryLimit", "logLevel", "insecure"] as const;
  addConfigFlags(command, flags, { port: "default: 8080", sharedPort: `default: ${DEFAULT_SHARED_PORT}` })
    .action(async (values: ClusterFlags) => finish(await runCluster(values, context, commands)));
  addConfigFlags(command.command("stop"), ["port"], { port: "of its first node; default: 8080" })
    .description("end a running cluster")
    .action(async (_own: unknown, stop: Command) => finish(await stopCluster(stop, context, commands)));
}

async function runCluster(values: ClusterFlags, context: CliContext, commands: Commands): Promise<number> {
  const loaded = await loadOrReport(values, context, { sharedPort: DEFAULT_SHARED_PORT });
  if (loaded === undefined) return faultyConfigCode;
  return await commands.cluster(clusterOptions(values, loaded.config, context));
}

/** The flags that `stop` shares with `cluster` count on whichever side of the word they stand. */
async function stopCluster(stop: Command, context: CliContext, commands: Commands): Promise<number> {
  const loaded = await loadOrReport(stop.optsWithGlobals<ConfigFlagValues>(), context);
  if (loaded === undefined) return faultyConfigCode;
  return await commands.stopCluster({ port: loaded.config.port });
}

/** What the supervisor is told. Flags go on to the nodes; environment and file they read themselves. */
export function clusterOptions(
  values: ClusterFlags,
  config: Config,
  { env }: Pick<CliContext, "env">,
): ClusterOptions {
  const configFile = values.config ?? env[FILE_VARIABLE];
  const others = flagsOf(values).filter(({ name }) => !supervised.has(name));
  return {
    instances: values.instances,
    port: config.port,
    sharedPort: config.sharedPort,
    host: config.host,
    memoryLimitMb: config.memoryLimitMb,
    nodeArgs: others.flatMap(({ name, text }) => ["--set", `${name}=${text}`]),
    isOpenMode: isOpenMode(config),
    ...(config.redisUrl === "" ? {} : { redisUrl: config.redisUrl }),
    ...(configFile ? { configFile } : {}),
  };
}

function wantedCount(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1) {
    throw new InvalidArgumentError("Want a whole number from 1.");
  }
  return Number(text);
}

/** `shoal cluster`: N nodes and their supervisor. */
import { type Command, InvalidArgumentError } from "commander";
import type { ClusterOptions, ClusterPlace, Reread } from "../cluster/mod.ts";
import {
  type Config,
  FILE_VARIABLE,
  isAddressRange,
  isOpenMode,
  loadConfig,
  redisServers,
  snakeName,
} from "../config/mod.ts";
import { DAEMON_LOG_VARIABLE } from "../core/supervision.ts";
import { VERSION_LINE } from "./version_line.ts";
import type { Commands } from "./commands.ts";
import {
  addConfigFlags,
  type ConfigFlagValues,
  faultyConfigCode,
  flagsOf,
  loadOrReport,
} from "./config_flags.ts";
import type { CliContext } from "./context.ts";

/** What `cluster` does to a running one. */
export const CLUSTER_SUBCOMMANDS = ["status", "reload", "scale", "stop"] as const;

const DEFAULT_INSTANCES = 3;
const DEFAULT_SHARED_PORT = 8000;

/** Options that the supervisor hands to each node in its own way. */
const supervised: ReadonlySet<string> = new Set([
  "port",
  "shared_port",
  "host",
  "redis_url",
  "memory_limit_mb",
  "trusted_proxies",
]);

interface ClusterFlags extends ConfigFlagValues {
  readonly instances: number;
  readonly daemon?: true;
  readonly nginx?: true;
}

const HELP = `
Node n listens on port + n, and all of them on the shared port. Without Redis
the supervisor serves an embedded hub. It ends on Ctrl-C. Started without a
terminal, or with --daemon, it reloads on SIGHUP.

Examples:
  deno task cluster
  deno task cluster --instances 4 --redis redis://127.0.0.1:6379
  deno task cluster --memory-limit 512 --set max_message_bytes=1048576
  deno task cluster --daemon
  deno task cluster status
  deno task cluster scale 5
  deno task cluster stop --port 8080`;

const OPEN_BEHIND_NGINX =
  "Cannot put nginx in front of nodes in open mode: they serve this machine only, and all that nginx brings\n" +
  "would look like it. Set SHOAL_TOKEN_HMAC_SECRET (token_hmac_secret), or --insecure in a closed network.\n";

/** What the cluster commands are built with. */
export interface ClusterCommandParts {
  readonly context: CliContext;
  readonly commands: Commands;
  /** Takes the exit code. */
  readonly finish: (code: number) => void;
}

/** Adds `cluster` and what changes a running one; each hands its exit code to `finish`. */
export function addClusterCommand(program: Command, parts: ClusterCommandParts): void {
  const { context, commands, finish } = parts;
  const command = program.command("cluster")
    .description("start and supervise several nodes on this machine, or change a running cluster")
    .version(VERSION_LINE)
    .option("--instances <n>", "how many nodes", wantedCount, DEFAULT_INSTANCES)
    .option("--daemon", "run in the background, log to .shoal/")
    .option("--nginx", "nginx takes the shared port, the nodes leave it; needs a token key or --insecure")
    .addHelpText("after", HELP);
  const flags = ["port", "sharedPort", "host", "redis", "memoryLimit", "logLevel", "insecure"] as const;
  addConfigFlags(command, flags, { port: "default: 8080", sharedPort: `default: ${DEFAULT_SHARED_PORT}` })
    .action(async (values: ClusterFlags) => finish(await runCluster(values, context, commands)));
  for (const add of [addStatus, addReload, addScale, addStop]) add(command, parts);
}

function addStatus(cluster: Command, { context, commands, finish }: ClusterCommandParts): void {
  placed(cluster, "status")
    .description("print the nodes of a running cluster; exit code 0 when all are ready, else 1")
    .option("--json", "as one JSON object")
    .action(async (values: { readonly json?: true }, own: Command) => {
      const place = await placeOf(own, context);
      finish(await commands.clusterStatus(place, { isJson: values.json === true }));
    });
}

function addReload(cluster: Command, { context, commands, finish }: ClusterCommandParts): void {
  placed(cluster, "reload")
    .description("read the configuration again and replace the nodes one after the other")
    .action(async (_values: unknown, own: Command) =>
      finish(await commands.reloadCluster(await placeOf(own, context)))
    );
}

function addScale(cluster: Command, { context, commands, finish }: ClusterCommandParts): void {
  placed(cluster, "scale")
    .description("bring a running cluster to so many nodes")
    .argument("<nodes>", "how many", wantedCount)
    .action(async (count: number, _values: unknown, own: Command) =>
      finish(await commands.scaleCluster(await placeOf(own, context), count))
    );
}

function addStop(cluster: Command, { context, commands, finish }: ClusterCommandParts): void {
  placed(cluster, "stop")
    .description("end a running cluster")
    .action(async (_values: unknown, own: Command) =>
      finish(await commands.stopCluster(await placeOf(own, context)))
    );
}

function placed(cluster: Command, name: (typeof CLUSTER_SUBCOMMANDS)[number]): Command {
  const port = "port of its first node (default: the only cluster of this folder, or 8080)";
  return addConfigFlags(cluster.command(name).option("--port <port>", port), []);
}

/**
 * The flags that these commands share with `cluster` count on whichever side of the word they stand. A configuration
 * that cannot be used must not keep anybody from ending a cluster: then only the port itself is looked for.
 */
async function placeOf(own: Command, { env }: CliContext): Promise<ClusterPlace> {
  const values = own.optsWithGlobals<ConfigFlagValues>();
  const loaded = await loadConfig({ flags: flagsOf(values), env, file: values.config });
  if (loaded.isUsable) return loaded.origins.has("port") ? { port: loaded.config.port } : {};
  const text = String(values.port ?? env.SHOAL_PORT ?? env.PORT ?? "");
  return /^\d{1,5}$/.test(text) ? { port: Number(text) } : {};
}

async function runCluster(values: ClusterFlags, context: CliContext, commands: Commands): Promise<number> {
  const loaded = await loadOrReport(values, context, { sharedPort: DEFAULT_SHARED_PORT });
  if (loaded === undefined) return faultyConfigCode;
  if (values.nginx && isOpenMode(loaded.config) && !loaded.config.insecure) {
    context.err(OPEN_BEHIND_NGINX);
    return faultyConfigCode;
  }
  const options = clusterOptions(values, loaded.config, context);
  const logFile = context.env[DAEMON_LOG_VARIABLE];
  if (values.daemon && logFile === undefined) return await commands.daemon(options);
  const reread = () => rereadOptions(values, context, loaded.config);
  return await commands.cluster(options, { reread, ...(logFile === undefined ? {} : { logFile }) });
}

/** Options that nodes of one cluster must agree on, or that a node's place depends on: they take a new start. */
const FIXED = [
  ...["port", "host", "sharedPort", "partitions", "redisPrefix"] as const,
  ...["redisUrl", "redisUrls", "redisCluster", "redisSentinels", "redisSentinelMaster"] as const,
];

async function rereadOptions(values: ClusterFlags, context: CliContext, before: Config): Promise<Reread> {
  const defaults = { sharedPort: DEFAULT_SHARED_PORT };
  const { env } = context;
  const loaded = await loadConfig({ flags: flagsOf(values), env, file: values.config, defaults });
  if (!loaded.isUsable) return { faults: loaded.faults.map(({ message }) => message) };
  const { config } = loaded;
  const changed = FIXED.filter((name) => String(config[name]) !== String(before[name]));
  if (changed.length === 0) return { options: clusterOptions(values, config, context) };
  const faults = changed.map((name) =>
    `Cannot change ${snakeName(name)} while nodes run: stop the cluster and start it`
  );
  return { faults };
}

/** What the supervisor is told. Flags go on to the nodes; environment and file they read themselves. */
export function clusterOptions(
  values: ClusterFlags,
  config: Config,
  { env }: Pick<CliContext, "env">,
): ClusterOptions {
  const configFile = values.config ?? env[FILE_VARIABLE];
  const servers = redisServers(config);
  const others = flagsOf(values).filter(({ name }) => !supervised.has(name));
  return {
    instances: values.instances,
    port: config.port,
    sharedPort: config.sharedPort,
    host: config.host,
    memoryLimitMb: config.memoryLimitMb,
    nodeArgs: [
      ...others.flatMap(({ name, text }) => ["--set", `${name}=${text}`]),
      ...proxyArgs(values, config),
    ],
    ...(values.nginx
      ? { nginx: { pingIntervalMs: config.pingIntervalMs, maxBodyBytes: config.maxBodyBytes } }
      : {}),
    isOpenMode: isOpenMode(config),
    logFormat: config.logFormat,
    ...(config.redisUrl === "" ? {} : { redisUrl: config.redisUrl }),
    ...(servers.length === 0 ? {} : { redisServers: servers }),
    ...(configFile ? { configFile } : {}),
  };
}

/** Nodes behind our nginx believe what it says of clients; it reaches them from this machine. */
function proxyArgs({ nginx }: ClusterFlags, { host, trustedProxies }: Config): readonly string[] {
  if (!nginx && trustedProxies.length === 0) return [];
  const own = nginx ? ["127.0.0.1", "::1", ...(isAddressRange(host) && !isAnyHost(host) ? [host] : [])] : [];
  return ["--set", `trusted_proxies=${[...new Set([...trustedProxies, ...own])].join(",")}`];
}

function isAnyHost(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function wantedCount(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1) {
    throw new InvalidArgumentError("Want a whole number from 1.");
  }
  return Number(text);
}

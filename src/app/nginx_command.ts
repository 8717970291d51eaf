/** `shoal nginx`: writes the configuration of an nginx in front of a cluster. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { NginxOptions, StickyMode } from "../cluster/mod.ts";
import type { Config } from "../config/mod.ts";
import { addConfigFlags, type ConfigFlagValues, faultyConfigCode, loadOrReport } from "./config_flags.ts";
import { type CliContext, exitCodes } from "./context.ts";

/** `port` is nginx's own here, and no option of the nodes. */
interface NginxFlags extends Pick<ConfigFlagValues, "config" | "set"> {
  readonly instances?: number;
  readonly firstPort?: number;
  readonly port?: number;
  readonly sticky?: StickyMode;
  readonly serverName?: string;
  readonly tls?: readonly string[];
  readonly redirectPort?: number;
  readonly publicPort?: number;
  readonly runDir?: string;
  readonly upstreamFile?: string;
  readonly connectionsPerAddress?: number;
  readonly requestsPerAddress?: number;
  readonly out?: string;
}

const HELP = `
Ping interval, largest body and first port are those of the nodes'
configuration (--config, --set, environment).

Examples:
  deno task nginx --instances 3 --out nginx.conf
  deno task nginx --instances 12 --first-port 9001 --sticky token
  deno task nginx --tls /etc/ssl/app.pem /etc/ssl/app.key --redirect-port 80`;

/** Adds `nginx`; it hands its exit code to `finish`. */
export function addNginxCommand(program: Command, context: CliContext, finish: (code: number) => void): void {
  const command = program.command("nginx")
    .description("write the configuration of an nginx in front of the nodes")
    .option("--instances <n>", "how many nodes (default: 3)", wholeNumber)
    .option("--first-port <port>", "port of the first node; the others follow (default: 8080)", wholeNumber)
    .option("--port <port>", "port that clients reach (default: 8000, with TLS 443)", wholeNumber)
    .addOption(
      new Option("--sticky <by>", "how a client comes back to its node (default: cookie)")
        .choices(["cookie", "token", "ip_hash"]),
    )
    .option("--server-name <names>", "host names that are served, others are refused")
    .option("--tls <certificate key...>", "paths of the certificate chain and of its key")
    .option("--redirect-port <port>", "send plain HTTP from here to TLS", wholeNumber)
    .option("--public-port <port>", "port that a redirect names, where something maps --port", wholeNumber)
    .option("--run-dir <folder>", "run in the foreground without rights: log to stdout, keep all else here")
    .option("--upstream-file <file>", "include the server lines from this file")
    .option("--connections-per-address <n>", "open at a time (default: 1000)", wholeNumber)
    .option(
      "--requests-per-address <n>",
      "a second; ten times as many at once (default: 100)",
      wholeNumber,
    )
    .option("--out <file>", "write here rather than to stdout")
    .addHelpText("after", HELP);
  addConfigFlags(command, [])
    .action(async (values: NginxFlags) => finish(await writeNginxConfig(values, context)));
}

async function writeNginxConfig(values: NginxFlags, context: CliContext): Promise<number> {
  const { tls } = values;
  if (tls !== undefined && tls.length !== 2) {
    context.err(`Cannot take --tls ${tls.join(" ")}: want two paths, the certificate's and the key's\n`);
    return exitCodes.misuse;
  }
  const { config, set } = values;
  const loaded = await loadOrReport({ ...(config && { config }), ...(set && { set }) }, context);
  if (loaded === undefined) return faultyConfigCode;
  const { nginxConfig, nginxFaults, readTemplates } = await import("../cluster/mod.ts");
  const options = await nginxOptions(values, loaded.config);
  const faults = nginxFaults(options);
  for (const fault of faults) context.err(`${fault}\n`);
  if (faults.length > 0) return exitCodes.misuse;
  return await deliver(nginxConfig(await readTemplates(), options), values.out, context);
}

async function nginxOptions(values: NginxFlags, config: Config): Promise<NginxOptions> {
  const { nginxDefaults } = await import("../cluster/mod.ts");
  const [certificate, key] = values.tls ?? [];
  const hasTls = certificate !== undefined && key !== undefined;
  return {
    instances: values.instances ?? nginxDefaults.instances,
    firstPort: values.firstPort ?? config.port,
    port: values.port ?? (hasTls ? nginxDefaults.tlsPort : nginxDefaults.port),
    sticky: values.sticky ?? nginxDefaults.sticky,
    connectionsPerAddress: values.connectionsPerAddress ?? nginxDefaults.connectionsPerAddress,
    requestsPerAddress: values.requestsPerAddress ?? nginxDefaults.requestsPerAddress,
    pingIntervalMs: config.pingIntervalMs,
    maxBodyBytes: config.maxBodyBytes,
    ...(values.serverName === undefined ? {} : { serverName: values.serverName }),
    ...(hasTls ? { tls: { certificate, key } } : {}),
    ...(values.redirectPort === undefined ? {} : { redirectPort: values.redirectPort }),
    ...(values.publicPort === undefined ? {} : { publicPort: values.publicPort }),
    ...(values.runDir === undefined ? {} : { runDir: values.runDir }),
    ...(values.upstreamFile === undefined ? {} : { upstreamFile: values.upstreamFile }),
  };
}

async function deliver(text: string, file: string | undefined, context: CliContext): Promise<number> {
  if (file === undefined) {
    context.out(text);
    return exitCodes.ok;
  }
  try {
    await Deno.writeTextFile(file, text);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotCapable
      ? "this task writes in the current folder only"
      : error instanceof Error
      ? error.message
      : String(error);
    context.err(`Cannot write "${file}": ${reason}; without --out it goes to stdout\n`);
    return exitCodes.misuse;
  }
  context.err(`Wrote ${file}; check it with: nginx -t -c "$(realpath ${file})"\n`);
  return exitCodes.ok;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Want a whole number.");
  return Number(text);
}

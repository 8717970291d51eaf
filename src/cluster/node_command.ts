/** How a node is started: program, arguments and environment. */
import {
  DAEMON_LOG_VARIABLE,
  DESCRIPTOR_LIMIT_VARIABLE,
  HUB_ADDRESS_VARIABLE,
  HUB_SECRET_VARIABLE,
  OVERLAP_VARIABLE,
  SUPERVISED_VARIABLE,
  WATCH_PARENT_VARIABLE,
} from "../core/supervision.ts";
import { fileURLToPath } from "node:url";
import type { ClusterOptions } from "./options.ts";

/** A command line with the variables that it needs on top of what it inherits; undefined takes one away. */
export interface NodeCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** All that decides how one node is started. */
export interface NodeLaunch {
  readonly options: ClusterOptions;
  readonly port: number;
  readonly sharedPort: number;
  /** Set in embedded mode. */
  readonly hub?: { readonly address: string; readonly secret: string };
  readonly descriptorLimit?: number;
  /** True when people read what the node logs. */
  readonly isForPeople?: boolean;
}

/** The command line of a node: only what it needs, network, environment and reading its own tree. */
export function denoNodeCommand(launch: NodeLaunch): NodeCommand {
  const { options } = launch;
  const tree = fileURLToPath(new URL("../..", import.meta.url));
  const heap = options.memoryLimitMb > 0 ? [`--v8-flags=--max-old-space-size=${options.memoryLimitMb}`] : [];
  const readable = options.configFile === undefined ? tree : `${tree},${options.configFile}`;
  return {
    program: Deno.execPath(),
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      `--allow-read=${readable}`,
      ...heap,
      fileURLToPath(new URL("../main.ts", import.meta.url)),
      ...startArgs(launch),
    ],
    env: nodeEnv(launch),
  };
}

/** The arguments of `start`. Redis is not among them: its URL may hold a password, and arguments are public. */
export function startArgs({ options, port, sharedPort }: NodeLaunch): readonly string[] {
  return [
    "start",
    ...["--port", String(port), "--shared-port", String(sharedPort), "--host", options.host],
    ...(options.configFile === undefined ? [] : ["--config", options.configFile]),
    ...options.nodeArgs,
  ];
}

/** The variables of a supervised node. */
export function nodeEnv({ options, hub, descriptorLimit, isForPeople }: NodeLaunch): NodeCommand["env"] {
  return {
    [SUPERVISED_VARIABLE]: "1",
    [OVERLAP_VARIABLE]: "1",
    [DESCRIPTOR_LIMIT_VARIABLE]: descriptorLimit?.toString(),
    [HUB_ADDRESS_VARIABLE]: hub?.address,
    [HUB_SECRET_VARIABLE]: hub?.secret,
    [WATCH_PARENT_VARIABLE]: undefined,
    [DAEMON_LOG_VARIABLE]: undefined,
    ...(isForPeople && options.logFormat === "auto" ? { SHOAL_LOG_FORMAT: "pretty" } : {}),
    REDIS_URL: options.redisUrl,
    // The specific name wins over the general one; an inherited value must not beat what this cluster was told.
    SHOAL_REDIS_URL: options.redisUrl,
    // The supervisor has read these; a node would refuse a URL that is given twice.
    REDIS_URL_FILE: undefined,
    SHOAL_REDIS_URL_FILE: undefined,
  };
}

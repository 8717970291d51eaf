/** The commands that run long. Each is imported when it is called, so that `token` and `config` start fast. */
import type { ClusterOptions, ClusterPlace, Reread, StatusOptions } from "../cluster/mod.ts";
import type { Config } from "../config/mod.ts";

/** What the command line calls; each answers an exit code. */
export interface Commands {
  readonly start: (config: Config) => Promise<number>;
  /** `reread` reads the configuration again, for a reload; `logFile` is where a daemon writes. */
  readonly cluster: (
    options: ClusterOptions,
    run: { readonly reread: () => Promise<Reread>; readonly logFile?: string },
  ) => Promise<number>;
  readonly daemon: (options: ClusterOptions) => Promise<number>;
  readonly stopCluster: (place: ClusterPlace) => Promise<number>;
  readonly reloadCluster: (place: ClusterPlace) => Promise<number>;
  readonly scaleCluster: (place: ClusterPlace, count: number) => Promise<number>;
  readonly clusterStatus: (place: ClusterPlace, options: StatusOptions) => Promise<number>;
  readonly perf: (args: readonly string[]) => Promise<number>;
}

const cluster = () => import("../cluster/mod.ts");

/** The real ones. */
export const systemCommands: Commands = {
  start: async (config) => await (await import("./start.ts")).start(config),
  cluster: async (options, { reread, logFile }) => {
    const { openLogFile, runCluster } = await cluster();
    if (logFile === undefined) return await runCluster(options, { reread });
    using target = await openLogFile(logFile);
    return await runCluster(options, { reread, target });
  },
  daemon: async (options) => await (await cluster()).launchDaemon(options, { args: Deno.args }),
  stopCluster: async (place) => await (await cluster()).stopCluster(place),
  reloadCluster: async (place) => await (await cluster()).reloadCluster(place),
  scaleCluster: async (place, count) => await (await cluster()).scaleCluster(place, count),
  clusterStatus: async (place, options) => await (await cluster()).clusterStatus(place, options),
  perf: async (args) => await (await import("../perf/mod.ts")).runPerf(args),
};

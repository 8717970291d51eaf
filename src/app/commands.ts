/** The commands that run long. Each is imported when it is called, so that `token` and `config` start fast. */
import type { ClusterOptions, StopOptions } from "../cluster/mod.ts";
import type { Config } from "../config/mod.ts";

/** What the command line calls; each answers an exit code. */
export interface Commands {
  readonly start: (config: Config) => Promise<number>;
  readonly cluster: (options: ClusterOptions) => Promise<number>;
  readonly stopCluster: (options: StopOptions) => Promise<number>;
  readonly perf: (args: readonly string[]) => Promise<number>;
}

/** The real ones. */
export const systemCommands: Commands = {
  start: async (config) => await (await import("./start.ts")).start(config),
  cluster: async (options) => await (await import("../cluster/mod.ts")).runCluster(options),
  stopCluster: async (options) => await (await import("../cluster/mod.ts")).stopCluster(options),
  perf: async (args) => await (await import("../perf/mod.ts")).runPerf(args),
};

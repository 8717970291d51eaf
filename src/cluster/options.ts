/** What a cluster is asked to be, and what it resolved to. */
import type { FrontSettings } from "./nginx/options.ts";

/** What `deno task cluster` may say. */
export interface ClusterOptions {
  /** How many nodes, 1 to 64. */
  readonly instances: number;
  /** Port of the first node; the others follow. 0 picks free ports, for tests. */
  readonly port: number;
  /** Port that all nodes listen on together; 0 for none. */
  readonly sharedPort: number;
  /** Address the nodes listen on. */
  readonly host: string;
  /** What each node gets as its `redis_url`; what else of Redis it needs it reads from its environment and file. */
  readonly redisUrl?: string;
  /** The Redis servers or sentinels that nodes ask first; without any this process serves the embedded hub. */
  readonly redisServers?: readonly string[];
  /** Heap limit of each node in MB, and the resident size at which a node is replaced; 0 for none. */
  readonly memoryLimitMb: number;
  /** Configuration file, passed on to each node. */
  readonly configFile?: string;
  /** Further flags for each node's `start`. */
  readonly nodeArgs: readonly string[];
  /** Nginx takes the shared port, and the nodes leave it. */
  readonly nginx?: FrontSettings;
  /** True when no token key is configured; only decides whether the banner warns. */
  readonly isOpenMode: boolean;
  /** How nodes log; `auto` is readable where the supervisor writes to a terminal, as theirs is a pipe. */
  readonly logFormat: "auto" | "pretty" | "json";
}

/** Most nodes of one supervisor. */
export const MAX_INSTANCES = 64;
const MAX_PORT = 65_535;

/** Lists everything that is wrong with `options`, each with its wanted range; empty when nothing is. */
export function optionFaults(options: ClusterOptions): readonly string[] {
  const { instances, port, sharedPort, memoryLimitMb } = options;
  const faults: string[] = [];
  if (!isWholeWithin(instances, 1, MAX_INSTANCES)) {
    faults.push(`Cannot take --instances ${instances}: want a whole number from 1 to ${MAX_INSTANCES}`);
  }
  if (!isWholeWithin(port, 0, MAX_PORT)) faults.push(portFault("--port", port));
  else if (port + instances - 1 > MAX_PORT) {
    faults.push(`Cannot place ${instances} nodes from --port ${port} on: ports end at ${MAX_PORT}`);
  }
  if (!isWholeWithin(sharedPort, 0, MAX_PORT)) faults.push(portFault("--shared-port", sharedPort));
  else if (sharedPort > 0 && port > 0 && isWithin(sharedPort, port, port + instances - 1)) {
    faults.push(
      `Cannot take --shared-port ${sharedPort}: a node has it (${port} to ${port + instances - 1})`,
    );
  }
  if (options.nginx !== undefined && sharedPort === 0) {
    faults.push("Cannot take --nginx with --shared-port 0: want the port that nginx listens on");
  }
  if (memoryLimitMb !== 0 && !isWholeWithin(memoryLimitMb, 64, 1_048_576)) {
    faults.push(`Cannot take --memory-limit ${memoryLimitMb}: want megabytes from 64 on, or 0 for none`);
  }
  return faults;
}

function portFault(flag: string, port: number): string {
  return `Cannot take ${flag} ${port}: want a whole number from 0 to ${MAX_PORT}`;
}

function isWithin(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function isWholeWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && isWithin(value, min, max);
}

import type { LifecyclePolicy } from "./lifecycle.ts";
import type { NodeCommand, NodeLaunch } from "./node_command.ts";

/** The embedded hub as the supervisor needs it. */
export interface Hub {
  readonly port: number;
  close(): Promise<void>;
}

/** What tests put in place of the real thing. */
export interface ClusterSeams {
  readonly nodeCommand: (launch: NodeLaunch) => NodeCommand;
  /** `log` takes what the hub has to tell, a line at a time. */
  readonly startHub: (secret: string, log: (line: string) => void) => Promise<Hub>;
  readonly policy: LifecyclePolicy;
  /** Folder in which `.shoal/` is kept. */
  readonly directory: string;
}

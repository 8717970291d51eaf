/** How a command finds the cluster that it is for. */
import { connectControl, type ControlLine } from "./control_client.ts";
import { type ControlAddress, controlPath, listControlFiles, readControlFile } from "./control_file.ts";

/** Which cluster a command is for. */
export interface ClusterPlace {
  /** Port of its first node; without it the only cluster of the folder, or else the one on 8080. */
  readonly port?: number | undefined;
  /** Folder it was started in; the current one by default. */
  readonly directory?: string;
}

/** A line to a cluster's supervisor. */
export interface ReachedCluster {
  readonly port: number;
  readonly line: ControlLine;
}

const DEFAULT_PORT = 8080;

/** Connects to a cluster's supervisor; when there is none, says on stderr where it looked, and answers undefined. */
export async function reachCluster(
  { port: wanted, directory = Deno.cwd() }: ClusterPlace,
): Promise<ReachedCluster | undefined> {
  const known = await listControlFiles(directory);
  const port = wanted ?? (known.length === 1 ? known[0] : undefined) ?? DEFAULT_PORT;
  const address = await readControlFile(directory, port);
  if (address === undefined) return sayNothingRuns(directory, port, known);
  const line = await connectControl(address);
  return line === undefined ? sayStale(directory, address) : { port, line };
}

function sayNothingRuns(directory: string, port: number, known: readonly number[]): undefined {
  console.error(
    `No cluster runs on port ${port}: there is no ${controlPath(directory, port)}.\n` +
      "Run this in the folder the cluster was started in, and name the port of its first node with --port.",
  );
  if (known.length > 0) console.error(`Known in this folder: ${known.join(", ")}.`);
}

function sayStale(directory: string, { port, pid }: ControlAddress): undefined {
  console.error(
    `No cluster runs on port ${port}: its supervisor (pid ${pid}) is gone without its good-bye, and its nodes with it.\n` +
      `${controlPath(directory, port)} is a leftover; the next start replaces it.`,
  );
}

/** `.shoal/cluster-<port>.json`: where a running supervisor is reached, readable by its owner only. */
import { fieldsOf, parseJson } from "./json.ts";

/** What the file holds. */
export interface ControlAddress {
  /** Port of the first node, which names the cluster. */
  readonly port: number;
  readonly pid: number;
  /** Loopback TCP port of the control socket. */
  readonly controlPort: number;
  readonly secret: string;
}

const FOLDER = ".shoal";

/** Path of the file for the cluster whose first node is on `port`. */
export function controlPath(directory: string, port: number): string {
  return `${directory}/${FOLDER}/cluster-${port}.json`;
}

/** Reads the file; undefined when there is none or it is not ours to understand. */
export async function readControlFile(directory: string, port: number): Promise<ControlAddress | undefined> {
  try {
    return parseControlFile(await Deno.readTextFile(controlPath(directory, port)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Reads the text of a control file. */
export function parseControlFile(text: string): ControlAddress | undefined {
  const { port, pid, controlPort, secret } = fieldsOf(parseJson(text));
  if (typeof port !== "number" || typeof pid !== "number") return undefined;
  if (typeof controlPort !== "number" || typeof secret !== "string") return undefined;
  return { port, pid, controlPort, secret };
}

/** Writes the file in one step, replacing what a dead supervisor left. */
export async function writeControlFile(directory: string, address: ControlAddress): Promise<void> {
  const path = controlPath(directory, address.port);
  const draft = `${path}.${address.pid}`;
  await Deno.mkdir(`${directory}/${FOLDER}`, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(draft, `${JSON.stringify(address)}\n`, { mode: 0o600 });
  await Deno.rename(draft, path);
}

/** Removes the file when it is still the one that `address` wrote. */
export async function removeControlFile(directory: string, address: ControlAddress): Promise<void> {
  const current = await readControlFile(directory, address.port);
  if (current?.secret === address.secret) await Deno.remove(controlPath(directory, address.port));
}

/** The ports of all clusters that have a file in `directory`. */
export async function listControlFiles(directory: string): Promise<readonly number[]> {
  const ports: number[] = [];
  try {
    for await (const entry of Deno.readDir(`${directory}/${FOLDER}`)) {
      const port = /^cluster-(\d+)\.json$/.exec(entry.name)?.[1];
      if (port !== undefined) ports.push(Number(port));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return ports.sort((a, b) => a - b);
}

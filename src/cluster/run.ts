/** `deno task cluster`: checks, starts, supervises and ends. */
import { WATCH_PARENT_VARIABLE } from "../core/supervision.ts";
import { Cluster } from "./cluster.ts";
import { connectControl } from "./control_client.ts";
import {
  type ControlAddress,
  controlPath,
  readControlFile,
  removeControlFile,
  writeControlFile,
} from "./control_file.ts";
import { ControlServer } from "./control_server.ts";
import { defaultPolicy } from "./lifecycle.ts";
import { readDescriptorLimit } from "./limits.ts";
import type { ManagedNodeOptions } from "./node.ts";
import { denoNodeCommand } from "./node_command.ts";
import { type ClusterOptions, type ClusterSeams, type Hub, optionFaults } from "./options.ts";
import { watchParent } from "./parent.ts";
import { findPortFaults, pickFreePorts, portMessage, type RunningCluster, wantedPorts } from "./ports.ts";
import { baseUrl } from "./probe.ts";
import { Screen, stdoutTarget } from "./screen.ts";
import { watchSignals } from "./signals.ts";
import { banner } from "./words.ts";

/** What stands behind {@linkcode runCluster} unless a test puts something else in its place. */
export type RunSeams = Pick<ClusterSeams, "startHub"> & Partial<ClusterSeams>;

/**
 * Runs a cluster in this process's foreground until a signal, `stopCluster` or a node that cannot be kept running ends
 * it. Resolves with the exit code: 0 after an end in good order, Ctrl-C included; 1 when it could not start, a node
 * was given up or nodes had to be killed. One call per process: it owns signals and stdout.
 */
export async function runCluster(options: ClusterOptions, seams: RunSeams): Promise<number> {
  const faults = optionFaults(options);
  if (faults.length > 0) return refuse(faults.join("\n"));
  const nodePorts = choosePorts(options);
  const directory = seams.directory ?? Deno.cwd();
  const trouble = await portTrouble(options, nodePorts, directory);
  if (trouble !== undefined) return refuse(trouble);
  const secret = randomSecret();
  const hub = options.redisUrl === undefined ? await seams.startHub(secret) : undefined;
  try {
    const nodes = await nodeOptions({ options, nodePorts, seams, ...(hub ? { hub: { hub, secret } } : {}) });
    return await supervise(options, nodes, directory);
  } finally {
    await hub?.close();
  }
}

function refuse(message: string): number {
  console.error(message);
  return 1;
}

function choosePorts({ host, instances, port }: ClusterOptions): readonly number[] {
  if (port === 0) return pickFreePorts(host, instances);
  return Array.from({ length: instances }, (_, i) => port + i);
}

async function portTrouble(
  { host, sharedPort }: ClusterOptions,
  nodePorts: readonly number[],
  directory: string,
): Promise<string | undefined> {
  const faults = findPortFaults(host, wantedPorts(nodePorts, sharedPort));
  if (faults.length === 0) return undefined;
  return portMessage(host, faults, await findRunning(directory, nodePorts[0] ?? 0));
}

async function findRunning(directory: string, port: number): Promise<RunningCluster | undefined> {
  const address = await readControlFile(directory, port);
  if (address === undefined) return undefined;
  using line = await connectControl(address);
  return line === undefined ? undefined : { port, pid: line.pid };
}

function randomSecret(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}

interface NodeChoices {
  readonly options: ClusterOptions;
  readonly nodePorts: readonly number[];
  readonly seams: RunSeams;
  readonly hub?: { readonly hub: Hub; readonly secret: string };
}

async function nodeOptions({ options, nodePorts, seams, hub }: NodeChoices): Promise<ManagedNodeOptions[]> {
  const nodeCommand = seams.nodeCommand ?? denoNodeCommand;
  const descriptorLimit = await readDescriptorLimit();
  const common = {
    options,
    sharedPort: options.sharedPort,
    ...(descriptorLimit === undefined ? {} : { descriptorLimit }),
    ...(hub === undefined ? {} : { hub: { address: `127.0.0.1:${hub.hub.port}`, secret: hub.secret } }),
  };
  return nodePorts.map((port) => ({
    port,
    base: baseUrl(options.host, port),
    command: nodeCommand({ ...common, port }),
    policy: seams.policy ?? defaultPolicy,
    memoryLimitMb: options.memoryLimitMb,
  }));
}

async function supervise(
  options: ClusterOptions,
  nodes: readonly ManagedNodeOptions[],
  directory: string,
): Promise<number> {
  const screen = new Screen(stdoutTarget());
  const ports = nodes.map(({ port }) => port);
  const cluster = new Cluster({
    nodes,
    screen,
    banner: banner(options, ports),
    onLeft: (left) => void control.server.tellLeft(left),
  });
  const unwatch = watchEnds(cluster);
  const control = await openControl(cluster, screen, directory, ports[0] ?? 0);
  let code = 1;
  try {
    code = await cluster.run();
    return code;
  } finally {
    unwatch();
    await control.close(code);
    await screen.close();
  }
}

/** Ends the cluster at a signal, or when the task runner that started us is gone. */
function watchEnds(cluster: Cluster): () => void {
  const unwatchSignals = watchSignals((verdict, signal) => {
    if (verdict === "end") cluster.end(signal);
    else cluster.kill(`second ${signal}`);
  });
  const hasTask = Deno.env.get(WATCH_PARENT_VARIABLE) === "1";
  const unwatchParent = hasTask ? watchParent(() => cluster.end("the task runner is gone")) : undefined;
  return () => {
    unwatchSignals();
    unwatchParent?.();
  };
}

interface Control {
  readonly server: ControlServer;
  close(code: number): Promise<void>;
}

/** Opens the control socket. A folder that cannot be written costs the commands, not the cluster. */
async function openControl(
  cluster: Cluster,
  screen: Screen,
  directory: string,
  port: number,
): Promise<Control> {
  const secret = randomSecret();
  const server = new ControlServer(secret, {
    nodes: () => cluster.views(),
    end: () => cluster.end("asked to stop"),
  });
  const address: ControlAddress = { port, pid: Deno.pid, controlPort: server.port, secret };
  const isWritten = await tryWrite(directory, address);
  if (!isWritten) {
    screen.say(`Cannot write ${controlPath(directory, port)}: \`deno task cluster stop\` will not find us`);
  }
  return {
    server,
    close: async (code) => {
      if (isWritten) await removeControlFile(directory, address);
      await server.close(code);
    },
  };
}

async function tryWrite(directory: string, address: ControlAddress): Promise<boolean> {
  try {
    await writeControlFile(directory, address);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) {
      return false;
    }
    if (error instanceof Error && "code" in error && error.code === "EROFS") return false;
    throw error;
  }
}

/** `deno task cluster`: checks, starts, supervises and ends. */
import { serveHub } from "../backend/hub/mod.ts";
import { WATCH_PARENT_VARIABLE } from "../core/supervision.ts";
import { Cluster } from "./cluster.ts";
import { openControl } from "./control.ts";
import { connectControl } from "./control_client.ts";
import { readControlFile } from "./control_file.ts";
import { defaultPolicy } from "./lifecycle.ts";
import { readDescriptorLimit } from "./limits.ts";
import type { ManagedNodeOptions } from "./node.ts";
import { denoNodeCommand } from "./node_command.ts";
import { type ClusterOptions, optionFaults } from "./options.ts";
import { type ClusterSeams } from "./seams.ts";
import { watchParent } from "./parent.ts";
import { findPortFaults, pickFreePorts, portMessage, type RunningCluster, wantedPorts } from "./ports.ts";
import { baseUrl } from "./probe.ts";
import { Screen, stdoutTarget } from "./screen.ts";
import { randomSecret } from "./secret.ts";
import { watchSignals } from "./signals.ts";
import { banner } from "./words.ts";

const defaultSeams: Omit<ClusterSeams, "directory"> = {
  nodeCommand: denoNodeCommand,
  startHub: (secret, log) => Promise.resolve(serveHub({ hostname: "127.0.0.1", secret, log })),
  policy: defaultPolicy,
};

/**
 * Runs a cluster in this process's foreground until a signal, `stopCluster` or a node that cannot be kept running ends
 * it. Resolves with the exit code: 0 after an end in good order, Ctrl-C included; 1 when it could not start, a node
 * was given up or nodes had to be killed. One call per process: it owns signals and stdout.
 */
export async function runCluster(
  options: ClusterOptions,
  replaced: Partial<ClusterSeams> = {},
): Promise<number> {
  const seams = { ...defaultSeams, directory: Deno.cwd(), ...replaced };
  const faults = optionFaults(options);
  if (faults.length > 0) return refuse(faults.join("\n"));
  const nodePorts = choosePorts(options);
  const trouble = await portTrouble(options, nodePorts, seams.directory);
  if (trouble !== undefined) return refuse(trouble);
  const screen = new Screen(stdoutTarget());
  const hub = options.redisUrl === undefined ? await openHub(seams, screen) : undefined;
  try {
    const nodes = await nodeOptions({ options, nodePorts, seams, ...(hub === undefined ? {} : { hub }) });
    return await supervise({ options, nodes, screen, directory: seams.directory });
  } finally {
    await hub?.close();
    await screen.close();
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

/** The embedded hub with what its nodes have to know. */
interface OpenHub {
  readonly address: string;
  readonly secret: string;
  close(): Promise<void>;
}

async function openHub({ startHub }: ClusterSeams, screen: Screen): Promise<OpenHub> {
  const secret = randomSecret();
  const hub = await startHub(secret, (line) => screen.say(`hub: ${line}`));
  return { address: `127.0.0.1:${hub.port}`, secret, close: () => hub.close() };
}

interface NodeChoices {
  readonly options: ClusterOptions;
  readonly nodePorts: readonly number[];
  readonly seams: ClusterSeams;
  readonly hub?: OpenHub;
}

async function nodeOptions({ options, nodePorts, seams, hub }: NodeChoices): Promise<ManagedNodeOptions[]> {
  const descriptorLimit = await readDescriptorLimit();
  const common = {
    options,
    sharedPort: options.sharedPort,
    ...(descriptorLimit === undefined ? {} : { descriptorLimit }),
    ...(hub === undefined ? {} : { hub }),
  };
  return nodePorts.map((port) => ({
    port,
    base: baseUrl(options.host, port),
    command: seams.nodeCommand({ ...common, port }),
    policy: seams.policy,
    memoryLimitMb: options.memoryLimitMb,
  }));
}

interface Supervision {
  readonly options: ClusterOptions;
  readonly nodes: readonly ManagedNodeOptions[];
  readonly screen: Screen;
  readonly directory: string;
}

async function supervise({ options, nodes, screen, directory }: Supervision): Promise<number> {
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

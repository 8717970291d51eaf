/** `deno task cluster`: checks, starts, supervises and ends. */
import { serveHub } from "../backend/hub/mod.ts";
import { WATCH_PARENT_VARIABLE } from "../core/supervision.ts";
import { reasonOf } from "../core/reason.ts";
import { Changes, type Reread } from "./changes.ts";
import { Cluster } from "./cluster.ts";
import { openControl } from "./control.ts";
import { connectControl } from "./control_client.ts";
import { readControlFile } from "./control_file.ts";
import { defaultPolicy } from "./lifecycle.ts";
import { readDescriptorLimit } from "./limits.ts";
import { NginxFront } from "./nginx/front.ts";
import type { ManagedNodeOptions } from "./node.ts";
import { denoNodeCommand } from "./node_command.ts";
import { type ClusterOptions, optionFaults } from "./options.ts";
import { type ClusterSeams } from "./seams.ts";
import { watchParent } from "./parent.ts";
import {
  findPortFaults,
  morePorts,
  pickFreePorts,
  portMessage,
  type RunningCluster,
  wantedPorts,
} from "./ports.ts";
import { baseUrl } from "./probe.ts";
import { Screen, type ScreenTarget, stdoutTarget } from "./screen.ts";
import { randomSecret } from "./secret.ts";
import { type HangupMeaning, hasTerminal, watchSignals } from "./signals.ts";
import { banner } from "./words.ts";

const defaultSeams: Omit<ClusterSeams, "directory"> = {
  nodeCommand: denoNodeCommand,
  startHub: (secret, log) => Promise.resolve(serveHub({ hostname: "127.0.0.1", secret, log })),
  policy: defaultPolicy,
};

/** How a cluster is run beside what it is made of. */
export interface ClusterRun {
  /** Reads the configuration again, for `reload`. */
  readonly reread?: () => Promise<Reread>;
  /** Where its lines go; stdout by default. */
  readonly target?: ScreenTarget;
  /** What SIGHUP means; without it, a reload where there is no terminal, and the end where there is one. */
  readonly hangup?: HangupMeaning;
  /** For tests. */
  readonly seams?: Partial<ClusterSeams>;
}

/**
 * Runs a cluster in this process's foreground until a signal, `stopCluster` or a node that cannot be kept running ends
 * it. Resolves with the exit code: 0 after an end in good order, Ctrl-C included; 1 when it could not start, a node
 * was given up or nodes had to be killed. One call per process: it owns signals and stdout.
 */
export async function runCluster(options: ClusterOptions, run: ClusterRun = {}): Promise<number> {
  const seams = { ...defaultSeams, directory: Deno.cwd(), ...run.seams };
  const nodePorts = choosePorts(options);
  const trouble = await startTrouble(options, nodePorts, seams.directory);
  if (trouble !== undefined) {
    console.error(trouble);
    return 1;
  }
  const target = run.target ?? stdoutTarget();
  const screen = new Screen(target);
  const hub = options.redisServers === undefined ? await openHub(seams, screen) : undefined;
  try {
    const nodeOptions = await nodeFactory(seams, hub, target);
    return await superviseFronted({
      options,
      nodePorts,
      nodeOptions,
      screen,
      run,
      directory: seams.directory,
    });
  } finally {
    await hub?.close();
    await screen.close();
  }
}

/** Why a cluster of `options` cannot be started here, in words for people; undefined when it can. */
export async function startTrouble(
  options: ClusterOptions,
  nodePorts: readonly number[],
  directory: string,
): Promise<string | undefined> {
  const faults = optionFaults(options);
  return faults.length > 0 ? faults.join("\n") : await portTrouble(options, nodePorts, directory);
}

/** The ports of the nodes. Port 0 picks free ones. */
export function choosePorts({ host, instances, port }: ClusterOptions): readonly number[] {
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

type NodeFactory = (options: ClusterOptions, port: number) => ManagedNodeOptions;

/** How a node is started, for the first time and whenever it is replaced. */
async function nodeFactory(
  seams: ClusterSeams,
  hub: OpenHub | undefined,
  target: ScreenTarget,
): Promise<NodeFactory> {
  const descriptorLimit = await readDescriptorLimit();
  const common = {
    ...(descriptorLimit === undefined ? {} : { descriptorLimit }),
    ...(hub === undefined ? {} : { hub }),
    isForPeople: target.size() !== undefined,
  };
  return (options, port) => ({
    host: options.host,
    port,
    base: baseUrl(options.host, port),
    command: seams.nodeCommand({
      ...common,
      options,
      port,
      sharedPort: options.nginx ? 0 : options.sharedPort,
    }),
    policy: seams.policy,
    memoryLimitMb: options.memoryLimitMb,
  });
}

interface Supervision {
  readonly options: ClusterOptions;
  readonly nodePorts: readonly number[];
  readonly nodeOptions: NodeFactory;
  readonly screen: Screen;
  readonly run: ClusterRun;
  readonly directory: string;
  readonly front?: NginxFront;
  /** Resolves with the reason when nginx cannot be kept running. */
  readonly frontLost?: Promise<string>;
}

/** {@linkcode supervise}, with nginx in front of the nodes where that is wanted: up before them, down after them. */
async function superviseFronted(supervision: Omit<Supervision, "front" | "frontLost">): Promise<number> {
  const { options, nodePorts, screen, directory } = supervision;
  if (options.nginx === undefined) return await supervise(supervision);
  const frontLost = Promise.withResolvers<string>();
  const { host, sharedPort: port } = options;
  let front: NginxFront;
  try {
    const say = (text: string) => screen.say(text);
    front = await NginxFront.open(
      { host, port, directory, say, onLost: frontLost.resolve },
      options.nginx,
      nodePorts,
    );
  } catch (error) {
    console.error(reasonOf(error));
    return 1;
  }
  try {
    return await supervise({ ...supervision, front, frontLost: frontLost.promise });
  } finally {
    await front.close();
  }
}

async function supervise(supervision: Supervision): Promise<number> {
  const { options, nodePorts, nodeOptions, screen, run, directory, front } = supervision;
  const cluster = new Cluster({
    nodes: nodePorts.map((port) => nodeOptions(options, port)),
    screen,
    banner: banner(options, nodePorts),
    onMembers: (ports) => front?.show(ports),
    onLeft: (left) => void control.server.tellLeft(left),
  });
  const changes = new Changes({
    cluster,
    options,
    reread: run.reread,
    onOptions: ({ nginx }) => nginx && front?.change(nginx),
    nodeOptions,
    morePorts: (last, count) => morePorts(options, last, count),
    say: (text) => screen.say(text),
  });
  const unwatch = watchEnds(cluster, changes, run.hangup);
  const control = await openControl(cluster, changes, screen, directory, nodePorts[0] ?? 0);
  let isFrontLost = false;
  void supervision.frontLost?.then((why) => {
    isFrontLost = true;
    cluster.end(`nginx cannot be kept running: ${why}`);
  });
  let code = 1;
  try {
    code = await cluster.run();
    if (isFrontLost) code = 1;
    return code;
  } finally {
    unwatch();
    await control.close(code);
  }
}

/** Ends the cluster at a signal, or when the task runner that started us is gone. */
function watchEnds(cluster: Cluster, changes: Changes, hangup: HangupMeaning | undefined): () => void {
  const unwatchSignals = watchSignals(hangup ?? (hasTerminal() ? "end" : "reload"), {
    end: (signal) => cluster.end(signal),
    kill: (signal) => cluster.kill(`second ${signal}`),
    reload: () => void changes.reload(() => {}),
  });
  const hasTask = Deno.env.get(WATCH_PARENT_VARIABLE) === "1";
  const unwatchParent = hasTask ? watchParent(() => cluster.end("the task runner is gone")) : undefined;
  return () => {
    unwatchSignals();
    unwatchParent?.();
  };
}

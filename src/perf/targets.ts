/** Finds what to measure: the targets that were named, the nodes that run here, or a cluster of our own. */
import { type OwnCluster, startCluster } from "./own_cluster.ts";
import {
  DEFAULT_PORTS,
  findRunning,
  localTarget,
  parseTargets,
  type Target,
  type TargetHealth,
} from "./target.ts";

/** What the caller asked for. */
export interface TargetChoice {
  /** Comma-separated URLs. */
  readonly targets?: string | undefined;
  /** True: always a cluster of our own. False: never. Undefined: when nothing runs. */
  readonly start?: boolean | undefined;
  /** Size of a cluster of our own. */
  readonly instances: number;
  readonly redis: string | undefined;
}

/** What will be measured. Dispose it to end what was started. */
export interface ChosenTargets extends AsyncDisposable {
  readonly targets: readonly Target[];
  readonly healths: readonly (TargetHealth & { readonly instance: string })[];
}

/** There is nothing to measure. */
export class NoTargetError extends Error {
  override readonly name = "NoTargetError";
}

const NEXT_STEPS = "Start nodes with `deno task cluster` in another terminal and run this again,\n" +
  "or let this command start a cluster of its own: `deno task perf --start`.";

/** Finds the targets. Rejects with {@linkcode NoTargetError} or {@linkcode ClusterStartError}. */
export async function chooseTargets(
  choice: TargetChoice,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ChosenTargets> {
  if (choice.targets !== undefined) return await namedTargets(parseTargets(choice.targets));
  if (choice.start !== true) {
    const running = await findRunning(DEFAULT_PORTS.map(localTarget));
    if (running.length > 0) return chosen(running);
    const looked = `No node answers on 127.0.0.1 port ${DEFAULT_PORTS.join(", ")}.`;
    if (choice.start === false) throw new NoTargetError(`${looked}\n${NEXT_STEPS}`);
    say(`${looked} Starting a cluster of ${choice.instances} for this run.`);
    say("To measure a running one: `deno task cluster` in another terminal, or --targets.");
  }
  const cluster = await startCluster({ instances: choice.instances, redis: choice.redis, signal });
  say(`Cluster of ${choice.instances} on ${cluster.targets.map((target) => target.instance).join(", ")}`);
  return chosen(await findRunning(cluster.targets), cluster);
}

async function namedTargets(targets: readonly Target[]): Promise<ChosenTargets> {
  const running = await findRunning(targets);
  const silent = targets.filter((target) => !running.some((found) => found.target === target));
  if (silent.length === 0) return chosen(running);
  const names = silent.map((target) => target.instance).join(", ");
  throw new NoTargetError(`No node answers on ${names}.\n${NEXT_STEPS}`);
}

function chosen(
  running: readonly { readonly target: Target; readonly health: TargetHealth }[],
  own?: OwnCluster,
): ChosenTargets {
  return {
    targets: running.map(({ target }) => target),
    healths: running.map(({ target, health }) => ({ instance: target.instance, ...health })),
    [Symbol.asyncDispose]: async () => await own?.[Symbol.asyncDispose](),
  };
}

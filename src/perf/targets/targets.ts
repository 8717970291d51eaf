/** Opens a subject: finds the servers that run, or starts those that do not. */
import type { Scenario } from "../scenario/scenario.ts";
import { startCluster, startCommand, type StartedServer, startStandalone } from "./started_server.ts";
import type { Subject } from "./subject.ts";
import {
  DEFAULT_PORTS,
  findRunning,
  localTarget,
  parseTargets,
  type Target,
  type TargetHealth,
} from "./target.ts";

/** What will be measured. Dispose it to end what was started. */
export interface ChosenTargets extends AsyncDisposable {
  readonly targets: readonly Target[];
  readonly healths: readonly (TargetHealth & { readonly instance: string })[];
  /** Process that was started for the run: a supervisor, a node or any program. */
  readonly pid: number | undefined;
}

/** There is nothing to measure. */
export class NoTargetError extends Error {
  override readonly name = "NoTargetError";
}

/** What to do when no node runs. */
export const START_HINT = "Start nodes with `deno task cluster` in another terminal and run this again,\n" +
  "or let this command start a cluster of its own: `deno task perf --start`.";

/** Opens `subject`. Rejects with {@linkcode NoTargetError}, `StartError` or `UsageError`. */
export async function openSubject(
  subject: Subject,
  scenario: Scenario,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ChosenTargets> {
  switch (subject.kind) {
    case "urls":
      return await openUrls(parseTargets(subject.urls), scenario);
    case "running":
      return await openRunning(subject, say, signal);
    case "cluster":
      return await openStarted(await startCluster({ ...subject, signal }), say);
    case "standalone":
      return await openStarted(await startStandalone(signal), say);
    case "command": {
      const server = await startCommand(subject.command, parseTargets(subject.urls), signal);
      return {
        ...without(server.targets),
        pid: server.pid,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    }
  }
}

/** Nodes of Shoal are asked who they are; whether a target can be used is found out by a first connection. */
async function openUrls(targets: readonly Target[], scenario: Scenario): Promise<ChosenTargets> {
  if (scenario.speech.kind !== "shoal") return without(targets);
  const running = await findRunning(targets);
  return { ...chosen(running), targets };
}

async function openRunning(
  subject: Extract<Subject, { kind: "running" }>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ChosenTargets> {
  const running = await findRunning(DEFAULT_PORTS.map(localTarget));
  if (running.length > 0) return chosen(running);
  const looked = `No node answers on 127.0.0.1 port ${DEFAULT_PORTS.join(", ")}.`;
  if (!subject.mayStart) throw new NoTargetError(`${looked}\n${START_HINT}`);
  say(`${looked} Starting a cluster of ${subject.instances} for this run.`);
  say("To measure a running one: `deno task cluster` in another terminal, or --targets.");
  return await openStarted(await startCluster({ ...subject, signal }), say);
}

async function openStarted(server: StartedServer, say: (line: string) => void): Promise<ChosenTargets> {
  say(`Started ${server.targets.map((target) => target.instance).join(", ")}`);
  return chosen(await findRunning(server.targets), server);
}

function without(targets: readonly Target[]): ChosenTargets {
  return { targets, healths: [], pid: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function chosen(
  running: readonly { readonly target: Target; readonly health: TargetHealth }[],
  own?: StartedServer,
): ChosenTargets {
  return {
    targets: running.map(({ target }) => target),
    healths: running.map(({ target, health }) => ({ instance: target.instance, ...health })),
    pid: own?.pid,
    [Symbol.asyncDispose]: async () => await own?.[Symbol.asyncDispose](),
  };
}

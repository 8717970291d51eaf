/** `perf drill`: a run on a cluster of our own while it is harmed by plan, and what clients saw of it. */
import { measureTargets, type PerfWorld, type RunRequest } from "../measure.ts";
import { LinkProxy } from "../network/link_proxy.ts";
import type { DrillRow, RunReport } from "../reports/run_report.ts";
import { DrillCluster } from "../targets/drill_cluster.ts";
import { probe } from "../targets/target.ts";
import { UsageError } from "../usage_error.ts";
import { describeAction, type DrillAction } from "./drill_actions.ts";
import { type DoneAction, DrillScript, type DrillSeen } from "./drill_script.ts";

/** What to do. */
export interface DrillRequest {
  readonly instances: number;
  readonly redis: string;
  /** In order of time. */
  readonly actions: readonly DrillAction[];
  readonly run: RunRequest;
}

/** What came of it. */
export interface DrillOutcome extends DrillSeen {
  readonly report: RunReport;
}

/** Runs the drill. Rejects when the nodes do not start. */
export async function runDrill(request: DrillRequest, world: PerfWorld): Promise<DrillOutcome> {
  await using broker = openBroker(request, world);
  await using cluster = await DrillCluster.start(request.instances, broker.url, world.signal);
  const healths = await Promise.all(cluster.targets.map(async (target) => ({
    instance: target.instance,
    ...(await probe(target) ?? { status: 0, node: undefined, version: undefined, backend: undefined }),
  })));
  const chosen = { targets: cluster.targets, healths, pid: undefined, [Symbol.asyncDispose]: async () => {} };
  const act = (action: DrillAction) => perform(action, cluster, broker.proxy);
  const script = new DrillScript({ actions: request.actions, act, isQuiet: request.run.isQuiet }, world);
  try {
    const report = await measureTargets(request.run, chosen, {
      ...world,
      engine: script.watching(world.engine),
    });
    const findings = script.findings(report);
    return { report: { ...report, drills: drillRows(findings.done, report) }, ...findings };
  } finally {
    await script.stop();
  }
}

/** Nodes reach Redis through a proxy of ours when the drill is to cut that way. */
function openBroker({ redis, actions }: DrillRequest, { clock }: PerfWorld) {
  if (!actions.some((action) => action.kind === "broker-drop")) {
    return { url: redis, proxy: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const url = new URL(redis);
  if (url.protocol !== "redis:") {
    throw new UsageError("--broker-drop needs a plain redis:// address: TLS cannot be cut here");
  }
  const proxy = new LinkProxy({
    hostname: url.hostname,
    port: Number(url.port || 6379),
    delay: { latencyMs: 0, jitterMs: 0 },
    nowMs: () => clock.monotonicMs(),
    random: () => 0.5,
  });
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  return { url: url.href, proxy, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

async function perform(
  action: DrillAction,
  cluster: DrillCluster,
  proxy: LinkProxy | undefined,
): Promise<void> {
  switch (action.kind) {
    case "kill":
      return cluster.kill(action.instance - 1);
    case "restart":
      return cluster.restart(action.instance - 1);
    case "pause":
      return cluster.pause(action.instance - 1);
    case "resume":
      return cluster.resume(action.instance - 1);
    case "broker-drop":
      return await proxy?.cut();
    case "broker-back":
      return proxy?.restore();
  }
}

/** What was done, on the clock of the run, for its charts. */
function drillRows(done: readonly DoneAction[], { result }: RunReport): readonly DrillRow[] {
  const zeroMs = result.traffic?.measuredFromMs ?? 0;
  return done.map(({ action, atMs }) => ({
    fromMs: zeroMs + atMs,
    toMs: zeroMs + atMs,
    text: describeAction(action),
  }));
}

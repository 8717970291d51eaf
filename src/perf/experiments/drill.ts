/** `perf drill`: a run on a cluster of our own while it is harmed by plan, and what clients saw of it. */
import type { Engine, Progress } from "../engine/engine.ts";
import { measureTargets, type PerfWorld, type RunRequest } from "../measure.ts";
import { LinkProxy } from "../network/link_proxy.ts";
import type { DrillRow, RunReport } from "../reports/run_report.ts";
import { DrillCluster } from "../targets/drill_cluster.ts";
import { objectOf, parseObject, probe, type Target } from "../targets/target.ts";
import { UsageError } from "../usage_error.ts";
import { describeAction, type DrillAction } from "./drill_actions.ts";

/** What to do. */
export interface DrillRequest {
  readonly instances: number;
  readonly redis: string;
  /** In order of time. */
  readonly actions: readonly DrillAction[];
  readonly run: RunRequest;
}

/** Something done, and when it was really done, since the measured phase began. */
export interface DoneAction {
  readonly action: DrillAction;
  readonly atMs: number;
}

/** Open connections at one time. */
export interface CurvePoint {
  readonly atMs: number;
  readonly open: number;
}

/** What the nodes together believed at one time. */
export interface MembershipPoint {
  readonly atMs: number;
  /** The fewest nodes that an answering node knows. */
  readonly known: number;
  /** How many nodes answered. */
  readonly answering: number;
}

/** What came of it. */
export interface DrillOutcome {
  readonly report: RunReport;
  readonly done: readonly DoneAction[];
  readonly curve: readonly CurvePoint[];
  readonly membership: readonly MembershipPoint[];
}

const LOOK_EVERY_MS = 250;
const LOOK_DEADLINE_MS = 200;

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
  const script = new DrillScript(request, act, world);
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

/** Acts by plan from the first measured message on, and looks at the cluster meanwhile. */
class DrillScript {
  readonly #request: DrillRequest;
  readonly #act: (action: DrillAction) => Promise<void>;
  readonly #world: PerfWorld;
  readonly #done: DoneAction[] = [];
  readonly #curve: CurvePoint[] = [];
  readonly #membership: MembershipPoint[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #working = new Set<Promise<void>>();
  #targets: readonly Target[] = [];
  #engineBeganMs = 0;
  #beganMs: number | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;

  constructor(request: DrillRequest, act: (action: DrillAction) => Promise<void>, world: PerfWorld) {
    this.#request = request;
    this.#act = act;
    this.#world = world;
  }

  /** The same engine, with the script beside it. */
  watching(engine: Engine): Engine {
    return async (options, watch) => {
      this.#targets = options.targets;
      this.#engineBeganMs = this.#world.clock.monotonicMs();
      return await engine(options, {
        ...watch,
        onProgress: (progress) => {
          this.#see(progress);
          watch.onProgress(progress);
        },
      }).finally(() => this.stop());
    };
  }

  /** Ends what is still to come. Idempotent. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    clearInterval(this.#looking);
    await Promise.all(this.#working);
  }

  /** What was done and seen, with times since the first measured message was due. */
  findings(report: RunReport): Omit<DrillOutcome, "report"> {
    const zeroMs = this.#engineBeganMs + (report.result.traffic?.measuredFromMs ?? 0);
    const shifted = <Point extends { readonly atMs: number }>(points: readonly Point[]) =>
      points.map((point) => ({ ...point, atMs: point.atMs - zeroMs }));
    return {
      done: shifted(this.#done),
      curve: shifted(this.#curve),
      membership: shifted(this.#membership),
    };
  }

  #see(progress: Progress): void {
    const nowMs = this.#world.clock.monotonicMs();
    if (progress.phase === "measure" && this.#beganMs === undefined) this.#begin(nowMs);
    if (this.#beganMs === undefined || progress.instances === undefined) return;
    const open = progress.instances.reduce((sum, instance) => sum + instance.connections, 0);
    this.#curve.push({ atMs: nowMs, open });
  }

  #begin(nowMs: number): void {
    this.#beganMs = nowMs;
    for (const action of this.#request.actions) {
      const timer = setTimeout(() => this.#track(this.#perform(action)), action.atMs);
      this.#timers.add(timer);
    }
    this.#looking = setInterval(() => this.#track(this.#look()), LOOK_EVERY_MS);
  }

  async #perform(action: DrillAction): Promise<void> {
    this.#done.push({ action, atMs: this.#world.clock.monotonicMs() });
    if (!this.#request.run.isQuiet) this.#world.err.write(`Drill: ${describeAction(action)}\n`);
    await this.#act(action);
  }

  /** A node that does not answer in time says nothing; the fewest nodes that one knows is what counts. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const atMs = this.#world.clock.monotonicMs();
    const counts = await Promise.all(this.#targets.map(countKnown));
    const known = counts.filter((count) => count !== undefined);
    if (known.length > 0) this.#membership.push({ atMs, known: Math.min(...known), answering: known.length });
    this.#isLooking = false;
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
  }
}

/** How many live nodes `target` knows; undefined when it does not say. */
async function countKnown(target: Target): Promise<number | undefined> {
  try {
    const signal = AbortSignal.timeout(LOOK_DEADLINE_MS);
    const response = await fetch(`${target.httpUrl}/stats`, { signal });
    const nodes = objectOf(parseObject(await response.text())["cluster"])["nodes"];
    return Array.isArray(nodes) ? nodes.length : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // Down or paused: that is what the drill is about.
  }
}

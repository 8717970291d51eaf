/** The script of a drill, beside the run that it harms: what is done when, and what is seen meanwhile. */
import type { Engine, Progress } from "../engine/engine.ts";
import type { PerfWorld } from "../measure.ts";
import type { RunReport } from "../reports/run_report.ts";
import { objectOf, parseObject, type Target } from "../targets/target.ts";
import { describeAction, type DrillAction } from "./drill_actions.ts";

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

/** What a script did and saw. */
export interface DrillSeen {
  readonly done: readonly DoneAction[];
  readonly curve: readonly CurvePoint[];
  readonly membership: readonly MembershipPoint[];
}

/** What a {@linkcode DrillScript} needs. */
export interface DrillScriptOptions {
  /** In order of time. */
  readonly actions: readonly DrillAction[];
  /** Does one of them. */
  readonly act: (action: DrillAction) => Promise<void>;
  /** Whether it keeps to itself what it does. */
  readonly isQuiet: boolean;
}

const LOOK_EVERY_MS = 250;
const LOOK_DEADLINE_MS = 200;

/** Acts by plan from the first measured message on, and looks at the cluster meanwhile. */
export class DrillScript {
  readonly #options: DrillScriptOptions;
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

  constructor(options: DrillScriptOptions, world: PerfWorld) {
    this.#options = options;
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
  findings(report: RunReport): DrillSeen {
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
    for (const action of this.#options.actions) {
      const timer = setTimeout(() => this.#track(this.#perform(action)), action.atMs);
      this.#timers.add(timer);
    }
    this.#looking = setInterval(() => this.#track(this.#look()), LOOK_EVERY_MS);
  }

  async #perform(action: DrillAction): Promise<void> {
    this.#done.push({ action, atMs: this.#world.clock.monotonicMs() });
    if (!this.#options.isQuiet) this.#world.err.write(`Drill: ${describeAction(action)}\n`);
    await this.#options.act(action);
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

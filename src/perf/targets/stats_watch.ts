/**
 * Asks the instances' `/stats` once a second while messages are measured: what they say of their own CPU and memory.
 * A process that was started for the run and has no `/stats` is looked up in /proc.
 */
import type { Clock } from "../../core/clock.ts";
import { type ProcSample, sampleProcess } from "./proc_sample.ts";
import { objectOf, parseObject, type Target } from "./target.ts";

/** What one instance said at one time; undefined where it said nothing. */
export interface StatsSample {
  /** Since the run began, milliseconds. */
  readonly atMs: number;
  readonly cpuPercent: number | undefined;
  readonly rssBytes: number | undefined;
  readonly lagMs: number | undefined;
  readonly connections: number | undefined;
}

/** What one instance said of itself; undefined where it said nothing. */
export interface InstanceStats {
  readonly instance: string;
  /** The highest seen, percent of one core. */
  readonly maxCpuPercent: number | undefined;
  /** The highest seen. */
  readonly maxRssBytes: number | undefined;
  /** The highest seen, milliseconds. */
  readonly maxLagMs: number | undefined;
  /** About one a second. */
  readonly samples: readonly StatsSample[];
}

/** What {@linkcode StatsWatch} looks at. */
export interface StatsSources {
  /** Nodes with `/stats`. */
  readonly targets: readonly Target[];
  /** A process started for the run; its row is called `process`. */
  readonly pid?: number | undefined;
  readonly clock: Clock;
}

const EVERY_MS = 1_000;
const DEADLINE_MS = 900;

/** A day of samples; more are not kept. */
const MAX_SAMPLES = 86_400;
const PROCESS = "process";

/** Watches from construction to {@linkcode stop}. An instance that has no `/stats` for us just stays without numbers. */
export class StatsWatch {
  readonly #sources: StatsSources;
  readonly #seen: Map<string, StatsSample[]>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #asking = new Set<Promise<void>>();
  readonly #beganMs: number;
  #lastProc: (ProcSample & { readonly atMs: number }) | undefined;
  /** Only while true does it ask, so that the highest values belong to one phase. */
  isOn = false;

  constructor(sources: StatsSources) {
    this.#sources = sources;
    const names = sources.targets.map(({ instance }) => instance);
    this.#seen = new Map(
      [...names, ...(sources.pid === undefined ? [] : [PROCESS])].map((name) => [name, []]),
    );
    this.#beganMs = sources.clock.monotonicMs();
    this.#timer = setInterval(() => this.#askAll(), EVERY_MS);
  }

  /** Ends the watch; answers one row per instance. */
  async stop(): Promise<readonly InstanceStats[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#asking);
    return [...this.#seen.entries()].map(([instance, samples]) => summed(instance, samples));
  }

  #askAll(): void {
    if (!this.isOn || this.#asking.size > 0) return;
    const { targets, pid } = this.#sources;
    const questions = [
      ...targets.map((target) => this.#ask(target)),
      ...(pid === undefined ? [] : [this.#look(pid)]),
    ];
    for (const question of questions) {
      const asked = question.finally(() => this.#asking.delete(asked));
      this.#asking.add(asked);
    }
  }

  async #ask(target: Target): Promise<void> {
    const body = await readStats(target);
    if (body === undefined) return;
    const row = ownRow(parseObject(body));
    this.#keep(target.instance, {
      atMs: this.#sinceBeganMs(),
      cpuPercent: numberOf(row["cpu_percent"]),
      rssBytes: numberOf(row["rss_bytes"]),
      lagMs: numberOf(row["lag_ms"]),
      connections: numberOf(row["connections"]),
    });
  }

  async #look(pid: number): Promise<void> {
    const sample = await sampleProcess(pid);
    if (sample === undefined) return;
    const now = { ...sample, atMs: this.#sinceBeganMs() };
    const before = this.#lastProc;
    this.#lastProc = now;
    const cpuPercent = before && (now.cpuSeconds - before.cpuSeconds) * 100_000 / (now.atMs - before.atMs);
    const { atMs, rssBytes } = now;
    this.#keep(PROCESS, { atMs, cpuPercent, rssBytes, lagMs: undefined, connections: undefined });
  }

  #keep(instance: string, sample: StatsSample): void {
    const samples = this.#seen.get(instance);
    if (samples !== undefined && samples.length < MAX_SAMPLES) samples.push(sample);
  }

  #sinceBeganMs(): number {
    return this.#sources.clock.monotonicMs() - this.#beganMs;
  }
}

function summed(instance: string, samples: readonly StatsSample[]): InstanceStats {
  const highest = (field: "cpuPercent" | "rssBytes" | "lagMs") => {
    const values = samples.flatMap((sample) => sample[field] ?? []);
    return values.length === 0 ? undefined : Math.max(...values);
  };
  return {
    instance,
    maxCpuPercent: highest("cpuPercent"),
    maxRssBytes: highest("rssBytes"),
    maxLagMs: highest("lagMs"),
    samples,
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

async function readStats(target: Target): Promise<string | undefined> {
  try {
    const response = await fetch(`${target.httpUrl}/stats`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    const body = await response.text();
    return response.ok ? body : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // Without an answer there is no number to show; the load itself reports a dead instance.
  }
}

/** The instance's row among the cluster's, else what it says of itself. */
function ownRow(stats: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const own = objectOf(stats["node"]);
  const rows = objectOf(stats["cluster"])["nodes"];
  const row = Array.isArray(rows)
    ? rows.map(objectOf).find((some) => some["node"] === own["node"])
    : undefined;
  return { ...row, ...own };
}

/** Asks the instances' `/stats` once a second while messages are measured: what they say of their own CPU and memory. */
import { objectOf, parseObject, type Target } from "./target.ts";

/** What one instance said of itself; undefined where it said nothing. */
export interface InstanceStats {
  readonly instance: string;
  /** The highest seen, percent of one core. */
  readonly maxCpuPercent: number | undefined;
  /** The highest seen. */
  readonly maxRssBytes: number | undefined;
  /** The highest seen, milliseconds. */
  readonly maxLagMs: number | undefined;
}

const EVERY_MS = 1_000;
const DEADLINE_MS = 900;

/** Watches from construction to {@linkcode stop}. An instance that has no `/stats` for us just stays without numbers. */
export class StatsWatch {
  readonly #targets: readonly Target[];
  readonly #seen: Map<string, InstanceStats>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #asking = new Set<Promise<void>>();
  /** Only while true does it ask, so that the highest values belong to one phase. */
  isOn = false;

  constructor(targets: readonly Target[]) {
    this.#targets = targets;
    this.#seen = new Map(targets.map(({ instance }) => [instance, emptyStats(instance)]));
    this.#timer = setInterval(() => this.#askAll(), EVERY_MS);
  }

  /** Ends the watch; answers one row per instance. */
  async stop(): Promise<readonly InstanceStats[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#asking);
    return [...this.#seen.values()];
  }

  #askAll(): void {
    if (!this.isOn || this.#asking.size > 0) return;
    for (const target of this.#targets) {
      const asked = this.#ask(target).finally(() => this.#asking.delete(asked));
      this.#asking.add(asked);
    }
  }

  async #ask(target: Target): Promise<void> {
    const body = await readStats(target);
    const before = this.#seen.get(target.instance);
    if (body === undefined || before === undefined) return;
    this.#seen.set(target.instance, merge(before, ownRow(parseObject(body))));
  }
}

function emptyStats(instance: string): InstanceStats {
  return { instance, maxCpuPercent: undefined, maxRssBytes: undefined, maxLagMs: undefined };
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

function merge(before: InstanceStats, row: Readonly<Record<string, unknown>>): InstanceStats {
  return {
    instance: before.instance,
    maxCpuPercent: larger(before.maxCpuPercent, row["cpu_percent"]),
    maxRssBytes: larger(before.maxRssBytes, row["rss_bytes"]),
    maxLagMs: larger(before.maxLagMs, row["lag_ms"]),
  };
}

function larger(before: number | undefined, now: unknown): number | undefined {
  if (typeof now !== "number") return before;
  return Math.max(before ?? now, now);
}

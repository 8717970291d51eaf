/** Runs traffic in several processes of this program, since one process is one core and 20,000 files. */
import { fileURLToPath } from "node:url";
import type { InstanceProgress, LoadWatch, Progress } from "../engine.ts";
import type { LoadOptions } from "../load_options.ts";
import type { TrafficResult } from "../load_result.ts";
import { addTelemetry, type Telemetry } from "../telemetry.ts";
import { totalProgress } from "../total_progress.ts";
import { lostTargets } from "../traffic_result.ts";
import type { TrafficContext, TrafficOutcome } from "../traffic.ts";
import { mergeTraffic } from "./merge_traffic.ts";
import { splitLoad, type WorkerShare } from "./split.ts";
import { type FromWorker, messageLine, readMessages, type ToWorker } from "./worker_messages.ts";

/** The hidden subcommand that a worker runs. */
export const WORKER_COMMAND = "perf-worker";

/** A worker that has not ended this long after its result, or after a stop, is killed, milliseconds. */
const END_WITHIN_MS = 15_000;

/** What all workers found together, and how many did not live to tell. */
export interface WorkersOutcome extends TrafficOutcome {
  readonly deadWorkers: number;
}

/** Runs the traffic of `options` in `options.workers` processes. Rejects when none of them lives to tell. */
export async function runTrafficInWorkers(
  options: LoadOptions,
  watch: LoadWatch,
  context: TrafficContext,
): Promise<WorkersOutcome> {
  const shares = splitLoad(options);
  const progress = new SharedProgress(shares.length, watch);
  const workers = shares.map((share, at) => new Worker(share, at, progress, context));
  const stop = () => workers.forEach((worker) => worker.send({ kind: "stop" }));
  watch.signal.addEventListener("abort", stop, { once: true });
  if (watch.signal.aborted) stop();
  try {
    void startTogether(workers);
    const results = (await Promise.all(workers.map((worker) => worker.result))).filter((one) =>
      one !== undefined
    );
    const result = mergeTraffic(results);
    const lost = watch.signal.aborted ? [] : lostTargets(options, result);
    return { result, lostTargets: lost, deadWorkers: workers.length - results.length };
  } finally {
    watch.signal.removeEventListener("abort", stop);
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

async function startTogether(workers: readonly Worker[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.standing));
  for (const worker of workers) worker.send({ kind: "go" });
}

/** One child process. */
class Worker {
  /** Connected, or dead. */
  readonly standing: Promise<void>;
  /** Undefined when the process ended without one. */
  readonly result: Promise<TrafficResult | undefined>;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #number: number;
  readonly #context: TrafficContext;
  readonly #progress: SharedProgress;
  readonly #startedMs: number;
  readonly #onStanding: () => void;
  #hasEnded = false;

  constructor(share: WorkerShare, number: number, progress: SharedProgress, context: TrafficContext) {
    const standing = Promise.withResolvers<void>();
    this.standing = standing.promise;
    this.#onStanding = standing.resolve;
    this.#number = number;
    this.#context = context;
    this.#progress = progress;
    this.#startedMs = progress.sinceMs(context.beganMs);
    this.#child = spawnWorker();
    this.#writer = this.#child.stdin.getWriter();
    this.result = this.#read();
    this.send({ kind: "run", ...share });
  }

  send(message: ToWorker): void {
    if (this.#hasEnded) return;
    // A worker that died says so by the end of its output; there is no more to learn from a write that fails.
    this.#writer.write(messageLine(message)).catch(() => {});
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#writer.close().catch(() => {});
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_WITHIN_MS);
    await this.#child.status;
    clearTimeout(timer);
  }

  async #read(): Promise<TrafficResult | undefined> {
    for await (const message of readMessages<FromWorker>(this.#child.stdout)) {
      if (message.kind === "standing") this.#onStanding();
      else if (message.kind === "progress") this.#progress.show(this.#number, message.progress);
      else return this.#take(message);
    }
    this.#onStanding();
    const { code, signal } = await this.#child.status;
    const text = `generator process ${this.#number + 1} ended with ${signal ?? `code ${code}`}`;
    this.#context.errors.add("internal", "generator", text, this.#progress.sinceMs(this.#context.beganMs));
    return undefined;
  }

  #take({ outcome, errors }: Extract<FromWorker, { kind: "result" }>): TrafficResult {
    for (const row of errors) this.#context.errors.addRow(row, this.#startedMs);
    return shiftTimes(outcome.result, this.#startedMs);
  }
}

function spawnWorker(): Deno.ChildProcess {
  const main = fileURLToPath(new URL("../../../main.ts", import.meta.url));
  const tree = fileURLToPath(new URL("../../../..", import.meta.url));
  const permissions = ["--allow-net", "--allow-env", `--allow-read=${tree}`, "--allow-sys=systemMemoryInfo"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", ...permissions, main, "perf", WORKER_COMMAND],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Worker times count from its own begin, the report's from the run's. */
function shiftTimes(result: TrafficResult, byMs: number): TrafficResult {
  const shift = (ms: number) => ms + byMs;
  return {
    ...result,
    measuredFromMs: shift(result.measuredFromMs),
    throttled: result.throttled.map((row) => ({ ...row, fromMs: shift(row.fromMs), toMs: shift(row.toMs) })),
    outages: result.outages.map((row) => ({
      ...row,
      firstLostMs: shift(row.firstLostMs),
      lastLostMs: shift(row.lastLostMs),
      lastBackMs: row.lastBackMs === undefined ? undefined : shift(row.lastBackMs),
    })),
  };
}

/** The state of all workers as one. */
class SharedProgress {
  readonly #states: (Progress | undefined)[];
  readonly #telemetry = new Map<number, Telemetry>();
  readonly #watch: LoadWatch;

  constructor(workers: number, watch: LoadWatch) {
    this.#states = new Array<Progress | undefined>(workers).fill(undefined);
    this.#watch = watch;
  }

  sinceMs(beganMs: number): number {
    return this.#watch.clock.monotonicMs() - beganMs;
  }

  #allTelemetry(): Telemetry | undefined {
    const rows = [...this.#telemetry.entries()].sort(([a], [b]) => a - b).map(([, telemetry]) => telemetry);
    return addTelemetry(rows);
  }

  show(worker: number, progress: Progress): void {
    this.#states[worker] = progress;
    if (progress.telemetry !== undefined) this.#telemetry.set(worker, progress.telemetry);
    const states = this.#states.filter((state) => state !== undefined);
    const sum = (field: "done" | "total" | "errors") =>
      states.reduce((total, state) => total + state[field], 0);
    const telemetry = progress.telemetry && this.#allTelemetry();
    this.#watch.onProgress({
      phase: progress.phase,
      done: sum("done"),
      total: sum("total"),
      errors: sum("errors"),
      instances: addInstances(states.flatMap((state) => state.instances ?? [])),
      ...(telemetry === undefined ? {} : { telemetry }),
    });
  }
}

function addInstances(rows: readonly InstanceProgress[]): readonly InstanceProgress[] {
  return [...Map.groupBy(rows, (row) => row.instance).entries()].map(([instance, group]) => {
    // Reports merge histograms; a live view gets the slowest worker's percentiles.
    const worst = (field: "p50Us" | "p99Us") => {
      const values = group.flatMap((row) => row[field] ?? []);
      return values.length === 0 ? undefined : Math.max(...values);
    };
    return { ...totalProgress(instance, group), p50Us: worst("p50Us"), p99Us: worst("p99Us") };
  });
}

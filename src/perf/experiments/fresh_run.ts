/** One run of an experiment on servers of its own, with what it cost them. */
import type { Engine } from "../engine/engine.ts";
import { measureTargets, type PerfWorld, type RunRequest } from "../measure.ts";
import type { RunReport } from "../reports/run_report.ts";
import { treeCpuSeconds } from "../targets/process_tree.ts";
import { openSubject } from "../targets/targets.ts";

/** A run and the CPU of the servers meanwhile. */
export interface CostedRun {
  readonly report: RunReport;
  /** Cores that the servers used on average while messages were measured; undefined for servers that ran before. */
  readonly serverCores: number | undefined;
}

/** Starts the subject's servers, measures one run, ends them. Rejects as `measureSubject` does. */
export async function measureFresh(request: RunRequest, world: PerfWorld): Promise<CostedRun> {
  const quiet = () => {};
  await using chosen = await openSubject(request.subject, request.load.scenario, quiet, world.signal);
  const { pid } = chosen;
  if (pid === undefined) {
    return { report: await measureTargets(request, chosen, world), serverCores: undefined };
  }
  const meter = new CpuMeter(() => treeCpuSeconds(pid), () => world.clock.monotonicMs());
  const report = await measureTargets(request, chosen, { ...world, engine: metered(world.engine, meter) });
  return { report, serverCores: await meter.cores() };
}

/** The same engine, with the meter on while messages are measured. */
function metered(engine: Engine, meter: CpuMeter): Engine {
  return async (options, watch) => {
    try {
      return await engine(options, {
        ...watch,
        onProgress: (progress) => {
          if (progress.phase === "measure") meter.start();
          else if (progress.phase === "drain") meter.stop();
          watch.onProgress(progress);
        },
      });
    } finally {
      meter.stop();
    }
  };
}

interface Reading {
  readonly atMs: number;
  readonly cpuSeconds: number | undefined;
}

/** Reads CPU time at the first start and at the first stop after it; further calls do nothing. */
class CpuMeter {
  readonly #readCpu: () => Promise<number | undefined>;
  readonly #nowMs: () => number;
  #first: Promise<Reading> | undefined;
  #last: Promise<Reading> | undefined;

  constructor(readCpu: () => Promise<number | undefined>, nowMs: () => number) {
    this.#readCpu = readCpu;
    this.#nowMs = nowMs;
  }

  start(): void {
    this.#first ??= this.#read();
  }

  stop(): void {
    if (this.#first !== undefined) this.#last ??= this.#read();
  }

  async cores(): Promise<number | undefined> {
    const [first, last] = await Promise.all([this.#first, this.#last]);
    if (first?.cpuSeconds === undefined || last?.cpuSeconds === undefined) return undefined;
    const spanMs = last.atMs - first.atMs;
    return spanMs <= 0 ? undefined : (last.cpuSeconds - first.cpuSeconds) * 1_000 / spanMs;
  }

  async #read(): Promise<Reading> {
    const cpuSeconds = await this.#readCpu();
    return { atMs: this.#nowMs(), cpuSeconds };
  }
}

/** Tells where the traffic of one process stands, a few times a second. */
import type { ErrorTally } from "../truth/error_classes.ts";
import type { LoadWatch, Progress } from "./engine.ts";
import type { GeneratorWatch } from "./generator.ts";
import type { Governor } from "./governor.ts";
import type { LoadOptions } from "./load_options.ts";
import { readTelemetry } from "./read_telemetry.ts";
import type { Telemetry } from "./telemetry.ts";
import type { TrafficLoop } from "./traffic_loop.ts";
import type { Messages } from "./traffic_messages.ts";
import { warmupCount } from "./traffic_plan.ts";

/** What a {@linkcode TrafficProgress} reads. */
export interface ProgressSources {
  readonly load: LoadOptions;
  readonly messages: Messages;
  readonly governor: Governor;
  readonly errors: ErrorTally;
}

/** Telemetry is larger than the rest of the progress: it goes with each fourth. */
const REPORTS_PER_TELEMETRY = 4;

/** Reports to `onProgress`. */
export class TrafficProgress {
  readonly #sources: ProgressSources;
  readonly #onProgress: LoadWatch["onProgress"];
  #reports = 0;

  constructor(sources: ProgressSources, onProgress: LoadWatch["onProgress"]) {
    this.#sources = sources;
    this.#onProgress = onProgress;
  }

  /** While the connections are being opened. */
  connecting(): void {
    const { load, messages } = this.#sources;
    const { open, failed } = messages.pool.ramp;
    this.#onProgress({ phase: "connect", done: open, total: load.scenario.connections, errors: failed });
  }

  /** While `loop` sends and what it sent is waited for; the last one brings telemetry in any case. */
  sending(loop: TrafficLoop, generator: GeneratorWatch, isLast = false): void {
    const { messages } = this.#sources;
    messages.countBytes();
    const hasTelemetry = isLast || this.#reports++ % REPORTS_PER_TELEMETRY === 0;
    this.#onProgress({
      ...this.#phaseOf(loop),
      errors: messages.accounts.sum("errors"),
      instances: messages.accounts.progress(),
      ...(hasTelemetry ? { telemetry: this.#telemetry(generator) } : {}),
    });
  }

  #phaseOf(loop: TrafficLoop): Pick<Progress, "phase" | "done" | "total"> {
    const { load: { scenario }, messages } = this.#sources;
    const isWarm = loop.measuredReleased > 0;
    const phase = loop.isDone ? "drain" : isWarm ? "measure" : "warm-up";
    return isWarm
      ? { phase, done: messages.accounts.sum("answered"), total: scenario.messages }
      : { phase, done: loop.released, total: warmupCount(scenario) };
  }

  #telemetry(generator: GeneratorWatch): Telemetry {
    const { load, messages, governor, errors } = this.#sources;
    const { accounts, pool, deliveries, sizes } = messages;
    const instances = load.targets.map((target) => target.instance);
    return readTelemetry({ accounts, instances, pool, deliveries, generator, governor, errors, sizes });
  }
}

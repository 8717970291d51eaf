/** One scenario on held connections, in one process: connects, warms up, measures, drains, and closes the accounts. */
import type { ErrorTally } from "../truth/error_classes.ts";
import { Churn } from "./churn.ts";
import type { LoadWatch } from "./engine.ts";
import { GeneratorWatch } from "./generator.ts";
import { Governor, systemMemory } from "./governor.ts";
import type { LoadOptions } from "./load_options.ts";
import type { TrafficResult } from "./load_result.ts";
import { lateAfterMs, measureTickMs } from "./pacer.ts";
import type { RampOutcome } from "./ramp.ts";
import type { TrafficLoop } from "./traffic_loop.ts";
import { Messages } from "./traffic_messages.ts";
import { TrafficProgress } from "./traffic_progress.ts";
import { assembleTraffic, lostTargets } from "./traffic_result.ts";

const PROGRESS_EVERY_MS = 250;
const CLOSE_WITHIN_MS = 2_000;

/** What the traffic needs besides the run's options. */
export interface TrafficContext {
  readonly errors: ErrorTally;
  /** Start of the run, for the times in `errors`. */
  readonly beganMs: number;
  /** When this process is one of several: its plan begins this much later, so that all together are even. */
  readonly phaseMs?: number;
  /** Waits until all processes are connected. */
  readonly whenAllStand?: () => Promise<void>;
}

/** The result, and which instances lost all their connections. */
export interface TrafficOutcome {
  readonly result: TrafficResult;
  readonly lostTargets: readonly string[];
}

/** Runs the scenario. */
export async function runTraffic(
  options: LoadOptions,
  watch: LoadWatch,
  context: TrafficContext,
): Promise<TrafficOutcome> {
  const traffic = new Traffic(options, watch, context);
  try {
    return await traffic.run();
  } finally {
    await traffic.close();
  }
}

class Traffic {
  readonly #options: LoadOptions;
  readonly #watch: LoadWatch;
  readonly #context: TrafficContext;
  readonly #governor: Governor;
  readonly #messages: Messages;
  readonly #progress: TrafficProgress;
  #report = () => this.#progress.connecting();

  constructor(load: LoadOptions, watch: LoadWatch, context: TrafficContext) {
    const { clock, signal } = watch;
    const { errors, beganMs, phaseMs = 0 } = context;
    this.#options = load;
    this.#watch = watch;
    this.#context = context;
    this.#governor = new Governor(load.governor, systemMemory, () => clock.monotonicMs() - beganMs);
    const governor = this.#governor;
    this.#messages = new Messages({ load, clock, signal, governor, errors, beganMs, phaseMs });
    const sources = { load, messages: this.#messages, governor, errors };
    this.#progress = new TrafficProgress(sources, watch.onProgress);
  }

  async run(): Promise<TrafficOutcome> {
    const { clock } = this.#watch;
    const progress = setInterval(() => {
      this.#messages.expire();
      this.#report();
    }, PROGRESS_EVERY_MS);
    try {
      const connected = await this.#messages.pool.open();
      await this.#context.whenAllStand?.();
      const tickMs = await measureTickMs(clock);
      const generator = new GeneratorWatch(clock, lateAfterMs(this.#options.pacer, tickMs));
      return await this.#measure(connected, generator).finally(() => generator.stop());
    } finally {
      clearInterval(progress);
    }
  }

  async close(): Promise<void> {
    await this.#messages.pool.close(CLOSE_WITHIN_MS);
  }

  async #measure(connected: RampOutcome, generator: GeneratorWatch): Promise<TrafficOutcome> {
    const { pool, accounts, deliveries } = this.#messages;
    const { clock, signal } = this.#watch;
    const loop = this.#messages.begin(generator);
    this.#report = () => this.#progress.sending(loop, generator);
    const measuredFromMs = await this.#send(loop);
    generator.endSending();
    const drainMs = await this.#messages.drain(loop);
    this.#messages.closeAccounts(loop);
    this.#progress.sending(loop, generator, true);
    const result = assembleTraffic({
      options: this.#options,
      connected,
      pool,
      accounts,
      deliveries,
      throttled: this.#governor.stop(),
      generator: generator.stop(),
      measuredReleased: loop.measuredReleased,
      measuredFromMs,
      beganMs: this.#context.beganMs,
      drainMs,
      endedMs: clock.monotonicMs(),
    });
    return { result, lostTargets: signal.aborted ? [] : lostTargets(this.#options, result) };
  }

  /** Runs `loop` to its end, with churn meanwhile. Answers when the measured phase began; 0 when it never did. */
  async #send(loop: TrafficLoop): Promise<number> {
    let measuredFromMs = 0;
    if (this.#messages.senders === 0) return measuredFromMs;
    using churn = new Churn(this.#options.scenario, this.#messages.pool);
    churn.start();
    await loop.run((fromMs) => {
      measuredFromMs = fromMs;
      this.#messages.accounts.begin(fromMs, this.#options.scenario.durationMs);
    });
    return measuredFromMs;
  }
}

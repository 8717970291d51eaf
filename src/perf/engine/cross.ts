/**
 * From every instance to every instance: a publisher and a subscriber on each, all in this process, so that one clock
 * times both ends and every message is accounted for. It is traffic of the pattern `cross`.
 */
import { presets } from "../scenario/presets.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { LoadWatch } from "./engine.ts";
import type { LoadOptions } from "./load_options.ts";
import type { CrossResult } from "./load_result.ts";
import { runTraffic, type TrafficContext } from "./traffic.ts";

/** The first messages open paths and compile code; they count in the ledger and not in the latency. */
const WARMUP_MS = 500;

/** Measures the matrix. Undefined when a publisher or subscriber could not be set up; `errors` says why. */
export async function runCross(
  options: LoadOptions,
  watch: LoadWatch,
  context: TrafficContext,
): Promise<CrossResult | undefined> {
  const scenario = crossScenario(options);
  const { result } = await runTraffic({ ...options, scenario }, crossWatch(watch), context);
  const [generator] = result.generators;
  if (result.connect.open < scenario.connections || generator === undefined) return undefined;
  return {
    published: result.publications.sent,
    refused: result.publications.refused,
    neverTried: result.neverTried,
    offeredPerSec: result.offeredPerSec,
    elapsedMs: result.receiveMs,
    cells: result.cells,
    generator,
  };
}

function crossScenario({ scenario, targets }: LoadOptions): Scenario {
  const { messages, perSec } = scenario.cross;
  return {
    ...scenario,
    model: "open",
    pattern: { kind: "cross" },
    speech: { kind: "shoal" },
    connections: 2 * targets.length,
    messages,
    perSec,
    durationMs: messages * 1_000 / perSec,
    stages: [],
    window: 0,
    warmupMs: WARMUP_MS,
    ramp: presets.light.ramp,
    churnPerSec: 0,
    reconnects: false,
  };
}

function crossWatch(watch: LoadWatch): LoadWatch {
  return {
    ...watch,
    onProgress: ({ done, total, errors, telemetry }) =>
      watch.onProgress({
        phase: "cross",
        done,
        total,
        errors,
        ...(telemetry === undefined ? {} : { telemetry }),
      }),
  };
}

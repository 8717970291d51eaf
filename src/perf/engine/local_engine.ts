/** The engine of this machine: one part after the other, so that none disturbs the next. */
import { ErrorTally } from "../truth/error_classes.ts";
import { runCross } from "./cross.ts";
import type { Engine, LoadWatch } from "./engine.ts";
import { runHttpPart, silentTargets } from "./http_part.ts";
import type { LoadOptions, Part } from "./load_options.ts";
import { runTraffic, type TrafficContext } from "./traffic.ts";
import { runTrafficInWorkers, type WorkersOutcome } from "./workers/coordinator.ts";

/** Runs the parts of `options`; traffic for several workers runs in processes of its own. */
export const runLocally: Engine = async (options, watch) => {
  const context = { errors: new ErrorTally(), beganMs: watch.clock.monotonicMs() };
  const wants = (part: Part) => options.parts.includes(part) && !watch.signal.aborted;
  const http = wants("http") ? await runHttpPart(options, watch, context) : [];
  const traffic = wants("traffic") ? await trafficOf(options, watch, context) : undefined;
  const isReachable = (traffic?.lostTargets.length ?? 0) === 0;
  const cross = wants("cross") && isReachable ? await runCross(options, watch, context) : undefined;
  return {
    http,
    traffic: traffic?.result,
    cross,
    errors: context.errors.rows(),
    lostTargets: [...new Set([...(traffic?.lostTargets ?? []), ...silentTargets(http, context.errors)])],
    deadWorkers: traffic?.deadWorkers ?? 0,
    wasInterrupted: watch.signal.aborted,
  };
};

/** A single generator needs no process of its own. */
async function trafficOf(
  options: LoadOptions,
  watch: LoadWatch,
  context: TrafficContext,
): Promise<WorkersOutcome> {
  if (options.workers > 1) return await runTrafficInWorkers(options, watch, context);
  return { ...await runTraffic(options, watch, context), deadWorkers: 0 };
}

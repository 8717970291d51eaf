/** The engine that runs in this process: one part after the other, so that none disturbs the next. */
import { ErrorTally } from "../truth/error_classes.ts";
import { runCross } from "./cross.ts";
import type { Engine } from "./engine.ts";
import { runHttpPart, silentTargets } from "./http_part.ts";
import type { Part } from "./load_options.ts";
import { runTraffic } from "./traffic.ts";

/** Runs the parts of `options` in this process. */
export const runLocally: Engine = async (options, watch) => {
  const context = { errors: new ErrorTally(), beganMs: watch.clock.monotonicMs() };
  const wants = (part: Part) => options.parts.includes(part) && !watch.signal.aborted;
  const http = wants("http") ? await runHttpPart(options, watch, context) : [];
  const traffic = wants("traffic") ? await runTraffic(options, watch, context) : undefined;
  const isReachable = (traffic?.lostTargets.length ?? 0) === 0;
  const cross = wants("cross") && isReachable ? await runCross(options, watch, context) : undefined;
  return {
    http,
    traffic: traffic?.result,
    cross,
    errors: context.errors.rows(),
    lostTargets: [...new Set([...(traffic?.lostTargets ?? []), ...silentTargets(http, context.errors)])],
    wasInterrupted: watch.signal.aborted,
  };
};

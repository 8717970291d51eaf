/** The engine that runs in this process: one part after the other, so that none disturbs the next. */
import { runCross } from "./cross.ts";
import type { Engine, LoadWatch } from "./engine.ts";
import type { LoadOptions } from "./load_options.ts";
import type { HttpResult } from "./load_result.ts";
import { ErrorTally } from "../truth/error_classes.ts";
import { runHttpLoad } from "./http_load.ts";
import { runWsLoad } from "./ws_load.ts";

/** Runs the parts of `options` in this process. */
export const runLocally: Engine = async (options, watch) => {
  const context = { errors: new ErrorTally(), beganMs: watch.clock.monotonicMs() };
  const wants = (part: LoadOptions["parts"][number]) => options.parts.includes(part) && !watch.signal.aborted;
  const http = wants("http") ? await runHttp(options, watch, context) : [];
  const traffic = wants("traffic") ? await runWsLoad(options, watch, context) : undefined;
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

/** Instances that never answered a request, not even with an error status. */
function silentTargets(http: readonly HttpResult[], errors: ErrorTally): readonly string[] {
  const answering = new Set(
    errors.rows().filter((row) => row.class === "http_status").map((row) => row.instance),
  );
  const silent = http.filter((result) => result.requests > 0 && result.succeeded === 0);
  return silent.map((result) => result.instance).filter((instance) => !answering.has(instance));
}

async function runHttp(
  options: LoadOptions,
  watch: LoadWatch,
  context: { readonly errors: ErrorTally; readonly beganMs: number },
): Promise<readonly HttpResult[]> {
  const results: HttpResult[] = [];
  for (const target of options.targets) {
    if (watch.signal.aborted) break;
    const done = results.length;
    watch.onProgress({
      phase: "http",
      instance: target.instance,
      done,
      total: options.targets.length,
      errors: 0,
    });
    results.push(await runHttpLoad({ target, part: options.scenario.http, watch, ...context }));
  }
  return results;
}

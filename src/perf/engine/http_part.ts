/** `GET /health` on one instance after the other. */
import type { ErrorTally } from "../truth/error_classes.ts";
import type { LoadWatch } from "./engine.ts";
import { runHttpLoad } from "./http_load.ts";
import type { LoadOptions } from "./load_options.ts";
import type { HttpResult } from "./load_result.ts";
import type { TrafficContext } from "./traffic.ts";

/** Runs the loop on all instances in turn. */
export async function runHttpPart(
  options: LoadOptions,
  watch: LoadWatch,
  context: TrafficContext,
): Promise<readonly HttpResult[]> {
  const results: HttpResult[] = [];
  for (const target of options.targets) {
    if (watch.signal.aborted) break;
    const [done, total] = [results.length, options.targets.length];
    watch.onProgress({ phase: "http", instance: target.instance, done, total, errors: 0 });
    results.push(await runHttpLoad({ target, part: options.scenario.http, watch, ...context }));
  }
  return results;
}

/** Instances that never answered a request, not even with an error status. */
export function silentTargets(http: readonly HttpResult[], errors: ErrorTally): readonly string[] {
  const answering = new Set(
    errors.rows().filter((row) => row.class === "http_status").map((row) => row.instance),
  );
  const silent = http.filter((result) => result.requests > 0 && result.succeeded === 0);
  return silent.map((result) => result.instance).filter((instance) => !answering.has(instance));
}

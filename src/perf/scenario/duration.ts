/** The arithmetic of stages: rates that move in straight lines. Pure. */
import type { Stage } from "./scenario.ts";

/** How many messages a plan holds that starts at `perSec` and goes through `stages`. At least 1. */
export function planCount(perSec: number, stages: readonly Stage[]): number {
  let [count, from] = [0, perSec];
  for (const stage of stages) {
    count += (from + stage.perSec) / 2 * stage.durationMs / 1_000;
    from = stage.perSec;
  }
  return Math.max(1, Math.floor(count));
}

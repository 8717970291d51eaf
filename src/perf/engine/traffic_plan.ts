/** What a scenario means in messages: how many, how many at once, and what makes them leave. */
import type { Scenario } from "../scenario/scenario.ts";
import type { LoadOptions } from "./load_options.ts";
import { newPlan } from "./plan.ts";
import { ClosedLoop, type LoopOptions, OpenLoop, type TrafficLoop } from "./traffic_loop.ts";

/** A message without an answer after this is given up, milliseconds. */
export const REPLY_TIMEOUT_MS = 10_000;

/** Messages that a closed loop may have sent since the oldest that still waits. */
const CLOSED_SLOTS = 2 ** 20;

/** Messages of the plan before those that count. */
export function warmupCount({ perSec, warmupMs }: Scenario): number {
  return Math.round(perSec * warmupMs / 1_000);
}

/** All messages of a plan; a closed loop has none, and as many at most as can be followed. */
function plannedCount(scenario: Scenario): number {
  return scenario.model === "closed" ? CLOSED_SLOTS : warmupCount(scenario) + scenario.messages;
}

/** Messages that may wait for an answer at once. */
export function slotsFor({ scenario, drainMs }: LoadOptions): number {
  if (scenario.model === "closed") return CLOSED_SLOTS;
  const peak = Math.max(scenario.perSec, ...scenario.stages.map((stage) => stage.perSec));
  const waiting = Math.ceil(peak * (REPLY_TIMEOUT_MS + drainMs) / 1_000);
  return Math.min(waiting, plannedCount(scenario)) + 1;
}

/** The loop of a scenario; its plan begins `phaseMs` late. */
export function loopFor(
  { scenario, pacer }: LoadOptions,
  phaseMs: number,
  loop: LoopOptions,
): TrafficLoop {
  const { perSec, stages, warmupMs, durationMs } = scenario;
  if (scenario.model === "closed") return new ClosedLoop(loop, warmupMs, durationMs);
  const plan = newPlan({
    startMs: phaseMs,
    perSec,
    stages,
    steadyMs: warmupMs,
    count: plannedCount(scenario),
  });
  return new OpenLoop(loop, plan, warmupCount(scenario), pacer);
}

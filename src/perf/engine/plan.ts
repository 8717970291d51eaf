/**
 * When each message is due, fixed before the first is sent: latency counted from here cannot be flattered by a server
 * that holds the sender up. Rates are constant or move in straight lines. Pure.
 */
import type { Stage } from "../scenario/scenario.ts";

/** A stretch of the plan: from message `fromCount` at `fromMs` on, at a rate that grows evenly. */
interface Segment {
  /** Since the start of the plan, milliseconds. */
  readonly fromMs: number;
  readonly fromCount: number;
  /** Messages per millisecond at its begin, and how much that grows per millisecond. */
  readonly perMs: number;
  readonly growth: number;
}

/** `count` messages; the first is due at `startMs` on the monotonic clock. */
export interface Plan {
  readonly startMs: number;
  readonly count: number;
  readonly segments: readonly Segment[];
  /** The highest rate of the plan. */
  readonly maxPerSec: number;
}

/** What {@linkcode newPlan} needs. */
export interface PlanOptions {
  readonly startMs: number;
  readonly count: number;
  readonly perSec: number;
  /** Time at `perSec` before the stages begin, milliseconds. */
  readonly steadyMs?: number;
  readonly stages?: readonly Stage[];
}

/** Makes a plan; after the last stage its rate goes on. */
export function newPlan(options: PlanOptions): Plan {
  const { startMs, count, perSec, steadyMs = 0, stages = [] } = options;
  const segments: Segment[] = [{ fromMs: 0, fromCount: 0, perMs: perSec / 1_000, growth: 0 }];
  let [fromMs, fromCount, perMs] = [steadyMs, steadyMs * perSec / 1_000, perSec / 1_000];
  for (const stage of stages) {
    const target = stage.perSec / 1_000;
    segments.push({ fromMs, fromCount, perMs, growth: (target - perMs) / stage.durationMs });
    fromCount += (perMs + target) / 2 * stage.durationMs;
    fromMs += stage.durationMs;
    perMs = target;
  }
  if (stages.length > 0) segments.push({ fromMs, fromCount, perMs, growth: 0 });
  return { startMs, count, segments, maxPerSec: Math.max(perSec, ...stages.map((stage) => stage.perSec)) };
}

/** The same plan, begun at another time. */
export function startingAt(plan: Plan, startMs: number): Plan {
  return { ...plan, startMs };
}

/** When message `index` (from 0) is due, in milliseconds on the clock of `startMs`. */
export function intendedMs(plan: Plan, index: number): number {
  const segment = lastSegment(plan, (some) => some.fromCount <= index);
  const missing = index - segment.fromCount;
  const { perMs, growth } = segment;
  if (growth === 0) return plan.startMs + segment.fromMs + missing / perMs;
  // perMs * t + growth / 2 * t^2 = missing, solved so that it stays exact for a small growth.
  const root = Math.sqrt(Math.max(0, perMs * perMs + 2 * growth * missing));
  return plan.startMs + segment.fromMs + 2 * missing / (perMs + root);
}

/** How many messages are due at `nowMs`. */
export function dueCount(plan: Plan, nowMs: number): number {
  const sinceMs = nowMs - plan.startMs;
  if (sinceMs < 0) return 0;
  const { fromMs, fromCount, perMs, growth } = lastSegment(plan, (some) => some.fromMs <= sinceMs);
  const intoMs = sinceMs - fromMs;
  const due = Math.floor(fromCount + intoMs * perMs + growth / 2 * intoMs * intoMs) + 1;
  return Math.min(due, plan.count);
}

function lastSegment(plan: Plan, isIn: (segment: Segment) => boolean): Segment {
  const { segments } = plan;
  for (let at = segments.length - 1; at > 0; at--) {
    const segment = segments[at];
    if (segment !== undefined && isIn(segment)) return segment;
  }
  const [first] = segments;
  if (first === undefined) throw new RangeError("A plan has at least one segment");
  return first;
}

/** How long `count` messages take at `perSec`, in milliseconds. */
export function planMs(count: number, perSec: number): number {
  return count * 1_000 / perSec;
}

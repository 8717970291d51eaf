/**
 * When each message is due, fixed before the first is sent: latency counted from here cannot be flattered by a server
 * that holds the sender up.
 */

/** `count` messages at even distances of `1000 / perSec` milliseconds, the first at `startMs`. */
export interface Plan {
  /** On the monotonic clock, milliseconds. */
  readonly startMs: number;
  readonly perSec: number;
  readonly count: number;
}

/** When message `index` (from 0) is due, in milliseconds on the clock of `startMs`. */
export function intendedMs(plan: Plan, index: number): number {
  return plan.startMs + index * 1_000 / plan.perSec;
}

/** How many messages are due at `nowMs`. */
export function dueCount(plan: Plan, nowMs: number): number {
  if (nowMs < plan.startMs) return 0;
  const due = Math.floor((nowMs - plan.startMs) * plan.perSec / 1_000) + 1;
  return Math.min(due, plan.count);
}

/** How long `count` messages take at `perSec`, in milliseconds. */
export function planMs(count: number, perSec: number): number {
  return count * 1_000 / perSec;
}

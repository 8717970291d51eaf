/** Reads out of a run's seconds what a drill did to it. */
import type { SecondRow } from "../engine/load_result.ts";

/** How throughput went. */
export interface Recovery {
  /** Median of the full seconds before the first action, messages per second. */
  readonly baselinePerSec: number;
  /** The slowest second from the first action on. */
  readonly worstPerSec: number;
  /** From the last action that did harm to the begin of the first second that is back, milliseconds. */
  readonly recoveredAfterMs: number | undefined;
}

/** This share of the baseline counts as recovered. */
const RECOVERED_SHARE = 0.95;
/** For so many seconds on end: one good second may be a burst of what was held back. */
const STEADY_SECONDS = 2;

/** Messages received in each of `count` seconds, over all instances. */
export function receivedPerSecond(rows: readonly SecondRow[], count: number): readonly number[] {
  const sums = new Array<number>(count).fill(0);
  for (const row of rows) {
    const sum = sums[row.second];
    if (sum !== undefined) sums[row.second] = sum + row.received;
  }
  return sums;
}

/** Reads the recovery; undefined when not one full second came before the first action. */
export function recoveryOf(
  perSecond: readonly number[],
  { firstMs, harmMs }: { readonly firstMs: number; readonly harmMs: number },
): Recovery | undefined {
  const before = perSecond.slice(0, Math.floor(firstMs / 1_000)).toSorted((a, b) => a - b);
  const baselinePerSec = before[Math.floor(before.length / 2)];
  if (baselinePerSec === undefined) return undefined;
  const after = perSecond.slice(Math.floor(firstMs / 1_000));
  return {
    baselinePerSec,
    worstPerSec: Math.min(...after),
    recoveredAfterMs: recoveredAfter(perSecond, baselinePerSec * RECOVERED_SHARE, harmMs),
  };
}

function recoveredAfter(perSecond: readonly number[], wanted: number, harmMs: number): number | undefined {
  // The second of the harm itself is half a good one.
  const isGood = (second: number) => (perSecond[second] ?? 0) >= wanted;
  const harmSecond = Math.floor(harmMs / 1_000);
  for (let second = harmSecond; second + STEADY_SECONDS <= perSecond.length; second++) {
    const isSteady = Array.from({ length: STEADY_SECONDS }, (_, at) => second + at).every(isGood);
    if (isSteady) return Math.max(0, second * 1_000 - harmMs);
  }
  return undefined;
}

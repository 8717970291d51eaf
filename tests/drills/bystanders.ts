/** Load that goes on while something breaks, and the figures of it afterwards. */
import assert from "node:assert/strict";
import { pause, until } from "../../src/testing/processes.ts";
import type { DrillScale, Figures } from "./drill.ts";
import { Fleet, type Listener } from "./fleet.ts";
import { type Account, percentileOf } from "./ledger.ts";

/** A namespace that remembers: history of 1000, recovery, presence, joins and leaves, with no configuration. */
export const DURABLE = "durable:drill";
/** Channels that remember nothing. */
export const FORGETFUL = "drill";

/** Everybody is subscribed again by then after a fault is over, in milliseconds. */
const BACK_WITHIN_MS = 20_000;

/** Publishes through a fleet while `fault` happens; answers when all are back and everything owed has come or is late. */
export async function throughFault(
  addresses: readonly string[],
  scale: DrillScale,
  channelPrefix: string,
  fault: (fleet: Fleet) => Promise<void>,
): Promise<Fleet> {
  const fleet = await Fleet.open({ ...scale, addresses, channelPrefix });
  try {
    fleet.startPublishing();
    await pause(scale.calmMs);
    await fault(fleet);
    await until("all are subscribed", () => fleet.listeners.every((one) => one.isSubscribed), BACK_WITHIN_MS)
      .catch((cause) => {
        throw new Error(`Not subscribed again: ${strandedIn(fleet)}`, { cause });
      });
    await pause(scale.calmMs);
    await fleet.stopPublishing();
    return fleet;
  } catch (error) {
    fleet[Symbol.dispose]();
    throw error;
  }
}

/** What those are waiting for who are not subscribed, and the last error that each was told, by how many. */
function strandedIn(fleet: Fleet): string {
  const stranded = fleet.listeners.filter(({ isSubscribed }) => !isSubscribed);
  const groups = Map.groupBy(
    stranded,
    (one) => `${one.centrifuge.state}, ${one.subscription.state}, ${one.lastError}`,
  );
  return Array.from(groups, ([what, group]) => `${group.length} ${what}`).join("; ");
}

/** What subscribers got and how soon they were back, for people. */
export function fleetFigures(fleet: Fleet): Figures {
  const gapsMs = fleet.listeners.flatMap((one) => one.gapsMs);
  const { all, acknowledged, errors } = fleet.sent;
  return {
    published: all,
    acknowledged,
    errors: JSON.stringify(errors),
    ...fleet.account(),
    gaps: gapsMs.length,
    recovered_true: sumOf(fleet.listeners, ({ recovered }) => recovered),
    recovered_false: sumOf(fleet.listeners, ({ notRecovered }) => notRecovered),
    gap_p50_ms: Math.round(percentileOf(gapsMs, 0.5)),
    gap_p99_ms: Math.round(percentileOf(gapsMs, 0.99)),
  };
}

/** Nothing acknowledged was lost without a word, came twice, or out of order. */
export function assertNothingWrong(account: Account): void {
  const { lost, duplicate, reordered, unacknowledgedTwice } = account;
  assert.deepEqual({ lost, duplicate, reordered, unacknowledgedTwice }, {
    lost: 0,
    duplicate: 0,
    reordered: 0,
    unacknowledgedTwice: 0,
  });
}

/** Nothing is missing at all, told or not. */
export function assertNothingMissing(account: Account): void {
  assertNothingWrong(account);
  assert.equal(account.told, 0, "recovered: false although history reached far enough");
}

/** Listeners that had one connection only. */
export function undisturbed(fleet: Fleet): ReadonlySet<Listener> {
  return new Set(fleet.listeners.filter(({ ids }) => ids.length === 1));
}

function sumOf<T>(values: readonly T[], numberOf: (value: T) => number): number {
  return values.reduce((sum, value) => sum + numberOf(value), 0);
}

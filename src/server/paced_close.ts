import type { CloseName } from "../core/errors.ts";
import type { Peer } from "./peer.ts";

/** Between two batches, in milliseconds. */
const STEP_MS = 50;

/** How fast peers are closed: at least `ratePerSec`, and so fast that all are gone after `maxMs`. */
export interface Pace {
  readonly ratePerSec: number;
  readonly maxMs: number;
}

/** How many peers one step closes. */
export function batchSize(peers: number, pace: Pace): number {
  const ratePerSec = Math.max(pace.ratePerSec, peers / (pace.maxMs / 1000));
  return Math.max(1, Math.ceil(ratePerSec * STEP_MS / 1000));
}

/**
 * Closes all `peers` at a pace that spares those to whom the clients turn next. Resolves when all are closed, peers
 * that join meanwhile included; `isUrgent` ends the pacing.
 */
export async function closePaced(
  peers: ReadonlySet<Peer>,
  close: CloseName,
  pace: Pace,
  isUrgent: () => boolean = () => false,
): Promise<void> {
  const step = batchSize(peers.size, pace);
  while (peers.size > 0) {
    const count = isUrgent() ? peers.size : step;
    for (const peer of [...peers].slice(0, count)) peer.end(close);
    if (peers.size > 0) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

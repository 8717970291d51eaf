/** Tells when a node has outgrown its memory limit. Pure. */

/** So many looks in a row, one a second: a garbage collection that is due is no reason to move clients. */
const LOOKS = 3;
const BYTES_PER_MB = 1_048_576;

/** How often in a row a node was found over its limit. */
export interface MemoryWatch {
  readonly overCount: number;
  /** True when it has to be replaced. */
  readonly isOver: boolean;
}

/** A node that was never over its limit. */
export const calmMemory: MemoryWatch = { overCount: 0, isOver: false };

/** Takes one more look at a node's resident size. Without a limit (0) no node is ever over it. */
export function lookAtMemory(
  before: MemoryWatch,
  rssBytes: number | undefined,
  limitMb: number,
): MemoryWatch {
  if (limitMb === 0 || rssBytes === undefined || rssBytes <= limitMb * BYTES_PER_MB) return calmMemory;
  const overCount = before.overCount + 1;
  return { overCount, isOver: overCount >= LOOKS };
}

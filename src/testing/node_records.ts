/** What test nodes say of themselves. */
import type { NodeRecord, NodeStats } from "../backend/backend.ts";
import type { NodeId } from "../core/ids.ts";

/** Figures of a node that does nothing. */
export const IDLE: NodeStats = {
  connections: 0,
  channels: 0,
  messagesInPerSec: 0,
  messagesOutPerSec: 0,
  lagMs: 0,
  rssBytes: 1,
  cpuPercent: 0,
};

/** The record a test node beats with. */
export function recordOf(node: NodeId, change: Partial<NodeRecord> = {}): NodeRecord {
  const fixed = { address: "127.0.0.1:8080", version: "0.1.0", pid: 1, startedMs: 1_700_000_000_000 };
  return { node, ...fixed, isDraining: false, stats: IDLE, ...change };
}

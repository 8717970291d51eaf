import type { ApiHandler } from "./api_call.ts";

/** The live nodes, as their last beats told. */
export const info: ApiHandler<"info"> = async ({ node }) => {
  const rows = await node.session.backend.registry.nodes();
  const nowMs = node.clock.wallMs();
  const nodes = rows.filter((row) => row.silentMs <= node.settings.nodeDeadMs).map((row) => ({
    uid: row.node,
    name: row.address,
    version: row.version,
    num_clients: row.stats.connections,
    num_channels: row.stats.channels,
    uptime: Math.max(0, Math.round((nowMs - row.startedMs) / 1000)),
    draining: row.isDraining,
  }));
  return { nodes };
};

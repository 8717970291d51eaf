/** What HTTP shows of a node, in the words of the wire. */
import type { NodeRecord } from "../backend/backend.ts";
import { closeTable } from "../core/errors.ts";
import type { HealthReport, NodeStats, NodeView, ReadyReport, StatsReport } from "../http/mod.ts";
import { createMetrics, type MetricsSource } from "../metrics/mod.ts";
import type { Node } from "../server/mod.ts";

/** The endpoints' view of `node`; `listenersReopened` is counted by its HTTP server. */
export function viewOf(node: Node, listenersReopened: () => number): NodeView {
  const metrics = createMetrics(() => ({ ...metricsOf(node), listenersReopened: listenersReopened() }));
  return {
    health: () => healthOf(node),
    ready: () => readyOf(node),
    stats: () => statsOf(node),
    metrics: () => metrics.render(),
  };
}

function healthOf(node: Node): HealthReport {
  const { session, isDraining } = node;
  const { backend, channels, probe } = session;
  const latency_ms = backend.state === "ready" ? Math.round(probe.latencyMs * 100) / 100 : null;
  return {
    status: isDraining ? "draining" : node.readiness.isReady ? "ok" : "degraded",
    node: session.id,
    version: node.version,
    uptime_s: Math.round((node.clock.wallMs() - node.startedMs) / 1000),
    connections: node.connections,
    channels: channels.size,
    backend: { kind: backend.kind, state: backend.state, latency_ms },
    draining: isDraining,
  };
}

function readyOf(node: Node): ReadyReport {
  const { isReady, cause } = node.readiness;
  return cause === undefined ? { ready: isReady } : { ready: isReady, cause };
}

async function statsOf(node: Node): Promise<StatsReport> {
  const { session, settings } = node;
  const rows = await session.backend.registry.nodes();
  const live = rows.filter((row) => row.silentMs <= settings.nodeDeadMs);
  return { node: rowOf(node.describe(session)), cluster: { nodes: live.map(rowOf) } };
}

function rowOf({ node, address, stats }: NodeRecord): NodeStats {
  return {
    node,
    address,
    connections: stats.connections,
    messages_in_per_s: stats.messagesInPerSec,
    messages_out_per_s: stats.messagesOutPerSec,
    lag_ms: stats.lagMs,
    rss_bytes: stats.rssBytes,
    cpu_percent: stats.cpuPercent,
  };
}

function metricsOf(node: Node): Omit<MetricsSource, "listenersReopened"> {
  const { session, stats, traffic } = node;
  const { desired, confirmed } = session.backend.bus.subscriptions();
  return {
    connections: node.connections,
    channels: session.channels.size,
    messagesIn: traffic.messagesIn,
    messagesOut: traffic.messagesOut,
    framesOut: traffic.framesOut,
    bytesIn: traffic.bytesIn,
    bytesOut: traffic.bytesOut,
    publications: traffic.publications,
    connectionsOpened: traffic.connectionsOpened,
    connectionsRefused: traffic.connectionsRefused,
    reaps: traffic.reaps,
    publicationsDropped: traffic.publicationsDropped,
    publicationsConflated: traffic.publicationsConflated,
    positionsLost: traffic.positionsLost,
    recoveries: traffic.recoveries,
    slowCloses: traffic.closes.get(closeTable.slow.code) ?? 0,
    closes: traffic.closes,
    errors: traffic.errors,
    memoryBytes: stats.rssBytes,
    lagSeconds: stats.lagMs / 1000,
    cpuPercent: stats.cpuPercent,
    isReady: node.readiness.isReady,
    isDraining: node.isDraining,
    backendLatencySeconds: session.probe.latencyMs / 1000,
    desiredSubscriptions: desired,
    confirmedSubscriptions: confirmed,
  };
}

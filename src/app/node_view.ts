/** What HTTP shows of a node, in the words of the wire. */
import type { NodeRecord } from "../backend/backend.ts";
import { closeTable } from "../core/errors.ts";
import type { HealthReport, NodeStats, NodeView, ReadyReport, StatsReport } from "../http/mod.ts";
import { createMetrics, type MetricsSource } from "../metrics/mod.ts";
import { type Node, processUse } from "../server/mod.ts";

/** What the process around a node knows of it. */
export interface ServerReadings {
  /** Lost listeners that were opened again. */
  readonly listenersReopened: number;
  /** Open sockets of the HTTP server, listeners included. */
  readonly sockets: number;
  readonly connectionLimit: number | undefined;
  readonly descriptorLimit: number | undefined;
  /** What was logged; undefined for a logger of the application's own. */
  readonly log: { readonly records: ReadonlyMap<string, number>; readonly suppressed: number } | undefined;
}

/** The endpoints' view of `node`; `server` is asked at each page of metrics. */
export function viewOf(node: Node, server: () => ServerReadings): NodeView {
  const metrics = createMetrics(() => metricsOf(node, server()));
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
  return { ready: isReady, node: node.id, ...(cause === undefined ? {} : { cause }) };
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

function metricsOf(node: Node, { listenersReopened, ...server }: ServerReadings): MetricsSource {
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
    listenersReopened,
    reaps: traffic.reaps,
    connectionErrors: traffic.connectionErrors,
    errors: traffic.errors,
    memoryBytes: stats.rssBytes,
    lagSeconds: stats.lagMs / 1000,
    cpuPercent: stats.cpuPercent,
    isReady: node.readiness.isReady,
    isDraining: node.isDraining,
    desiredSubscriptions: desired,
    confirmedSubscriptions: confirmed,
    clients: clientsOf(node, server),
    history: historyOf(node),
    services: servicesOf(node),
    backend: backendOf(node),
    process: processOf(node, server),
  };
}

function clientsOf(node: Node, { connectionLimit }: Pick<ServerReadings, "connectionLimit">) {
  const { traffic } = node;
  return {
    connectionLimit,
    closes: traffic.closes,
    limitHits: traffic.limitHits,
    commands: traffic.commands.totals(),
    commandSeconds: traffic.commands.seconds(),
    outboxBytes: node.outboxBytes,
    drains: traffic.drains,
  };
}

function historyOf({ traffic }: Node) {
  return {
    recoveries: traffic.recoveries,
    positionsLost: traffic.positionsLost,
    slowCloses: traffic.closes.get(closeTable.slow.code) ?? 0,
    publicationsDropped: traffic.publicationsDropped,
    publicationsConflated: traffic.publicationsConflated,
  };
}

function servicesOf({ session: { services, calls }, traffic }: Node) {
  const { calls: callsWaiting, streams: streamsRead, hosted } = services.running;
  const counts = traffic.services;
  return {
    calls: counts.calls,
    callSeconds: counts.seconds.read(),
    callsWaiting,
    streams: counts.streams,
    streamsRead,
    items: counts.items,
    hosted,
    offered: services.offered,
    nodeRequests: calls.pending,
  };
}

function backendOf({ session, traffic }: Node) {
  return {
    latency: traffic.backendLatency.read(),
    pubsubLag: traffic.pubsubLag.read(),
    isUp: session.backend.state === "ready",
    losses: traffic.backendLosses,
    burials: traffic.burials,
    traffic: session.backend.traffic,
  };
}

function processOf(node: Node, server: Omit<ServerReadings, "listenersReopened">) {
  const { sockets, descriptorLimit, log } = server;
  return {
    version: node.version,
    node: node.id,
    ...processUse(),
    startedSeconds: node.startedMs / 1000,
    loopLag: node.traffic.loopLag.read(),
    openSockets: sockets + (node.session.backend.traffic?.connections ?? 0),
    descriptorLimit,
    logRecords: log?.records,
    logSuppressed: log?.suppressed,
  };
}

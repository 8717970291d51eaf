/** Every metric of a node: its name, type, meaning, and how it is read. Docs and exposition come from this table. */

/** A value by label, for metrics that have one. */
export type Labelled = ReadonlyMap<number | string, number>;

/** What a node's metrics are read from. Counts since the start of the process, sizes in bytes, times in seconds. */
export interface MetricsSource {
  readonly connections: number;
  readonly channels: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly publications: number;
  readonly connectionsOpened: number;
  readonly connectionsRefused: number;
  readonly listenersReopened: number;
  readonly reaps: number;
  readonly publicationsDropped: number;
  readonly publicationsConflated: number;
  readonly positionsLost: number;
  readonly recoveries: Labelled;
  readonly slowCloses: number;
  readonly closes: Labelled;
  readonly errors: Labelled;
  readonly memoryBytes: number;
  readonly lagSeconds: number;
  readonly cpuPercent: number;
  readonly isReady: boolean;
  readonly isDraining: boolean;
  readonly backendLatencySeconds: number;
  readonly desiredSubscriptions: number;
  readonly confirmedSubscriptions: number;
}

/** One metric. */
export interface MetricRow {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** The one label, for metrics that have one; its values are bounded. */
  readonly label?: string;
  readonly read: (source: MetricsSource) => number | Labelled;
}

function gauge(name: string, help: string, read: MetricRow["read"]): MetricRow {
  return { name, type: "gauge", help, read };
}

function counter(name: string, help: string, read: MetricRow["read"], label?: string): MetricRow {
  return { name, type: "counter", help, read, ...(label === undefined ? {} : { label }) };
}

/** All metrics of a node. */
export const metricTable: readonly MetricRow[] = [
  gauge("websocket_active_connections", "Open WebSocket connections.", (s) => s.connections),
  counter("websocket_messages_received_total", "Messages that clients sent.", (s) => s.messagesIn),
  counter(
    "websocket_messages_broadcasted_total",
    "Messages that were sent to clients: replies, pushes, app messages.",
    (s) => s.messagesOut,
  ),
  counter(
    "websocket_connection_errors_total",
    "Connections that were closed, by close code.",
    (s) => s.closes,
    "code",
  ),
  gauge("node_memory_usage_bytes", "Resident memory of the process.", (s) => s.memoryBytes),
  gauge("node_eventloop_lag_seconds", "Worst event-loop lag between two beats.", (s) => s.lagSeconds),
  gauge("node_cpu_usage_percent", "CPU use between two beats; 100 is one core.", (s) => s.cpuPercent),
  counter(
    "shoal_connections_opened_total",
    "WebSocket connections that were accepted.",
    (s) => s.connectionsOpened,
  ),
  counter(
    "shoal_connections_refused_total",
    "Connections answered 503 because the node was full.",
    (s) => s.connectionsRefused,
  ),
  counter(
    "shoal_command_errors_total",
    "Commands answered with an error, by its code.",
    (s) => s.errors,
    "code",
  ),
  counter(
    "shoal_frames_sent_total",
    "Frames sent; messages per frame is the coalescing ratio.",
    (s) => s.framesOut,
  ),
  counter("shoal_received_bytes_total", "Bytes of messages received.", (s) => s.bytesIn),
  counter("shoal_sent_bytes_total", "Bytes of messages sent.", (s) => s.bytesOut),
  counter(
    "shoal_publications_total",
    "Publications that this node was asked to make.",
    (s) => s.publications,
  ),
  counter(
    "shoal_recoveries_total",
    "Subscribers who came back and asked for what they missed: recovered, or unrecovered.",
    (s) => s.recoveries,
    "result",
  ),
  counter(
    "shoal_positions_lost_total",
    "Subscriptions that missed a publication and were told to start over.",
    (s) => s.positionsLost,
  ),
  counter(
    "shoal_slow_closed_total",
    "Connections closed because they did not read (3008).",
    (s) => s.slowCloses,
  ),
  counter(
    "shoal_publications_dropped_total",
    "Publications that a slow subscriber did not get: the oldest that waited.",
    (s) => s.publicationsDropped,
  ),
  counter(
    "shoal_publications_conflated_total",
    "Publications that a slow subscriber did not get: a later one of their key came.",
    (s) => s.publicationsConflated,
  ),
  counter(
    "shoal_listeners_reopened_total",
    "Listeners that were lost and opened again.",
    (s) => s.listenersReopened,
  ),
  counter("shoal_nodes_reaped_total", "Dead nodes that this node cleaned up after.", (s) => s.reaps),
  gauge("shoal_channels", "Channels that this node has an interest in.", (s) => s.channels),
  gauge("shoal_subscriptions_desired", "Channels wanted of the backend.", (s) => s.desiredSubscriptions),
  gauge(
    "shoal_subscriptions_confirmed",
    "Channels confirmed by the backend.",
    (s) => s.confirmedSubscriptions,
  ),
  gauge(
    "shoal_backend_latency_seconds",
    "Round trip of the last probe through the backend.",
    (s) => s.backendLatencySeconds,
  ),
  gauge("shoal_ready", "1 when the node is ready for clients.", (s) => Number(s.isReady)),
  gauge("shoal_draining", "1 when the node is draining.", (s) => Number(s.isDraining)),
];

/** Every metric of a node: its name, type, meaning, and how it is read. Docs and exposition come from this table. */

import { type BackendReadings, backendRows } from "./backend_rows.ts";
import { type ClientReadings, clientRows } from "./client_rows.ts";
import { type HistoryReadings, historyRows } from "./history_rows.ts";
import { type ProcessReadings, processRows } from "./process_rows.ts";
import type { Labelled } from "./reading.ts";
import { counter, gauge, type MetricRow, within } from "./row.ts";
import { type ServiceReadings, serviceRows } from "./service_rows.ts";

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
  /** Closes that were not in good order, by code. */
  readonly connectionErrors: Labelled;
  readonly errors: Labelled;
  readonly memoryBytes: number;
  readonly lagSeconds: number;
  readonly cpuPercent: number;
  readonly isReady: boolean;
  readonly isDraining: boolean;
  readonly desiredSubscriptions: number;
  readonly confirmedSubscriptions: number;
  readonly clients: ClientReadings;
  readonly history: HistoryReadings;
  readonly services: ServiceReadings;
  readonly backend: BackendReadings;
  readonly process: ProcessReadings;
}

/** All metrics of a node. */
export const metricTable: readonly MetricRow<MetricsSource>[] = [
  gauge(["websocket_active_connections", "Open WebSocket connections."], (s) => s.connections),
  counter(["websocket_messages_received_total", "Messages that clients sent."], (s) => s.messagesIn),
  counter([
    "websocket_messages_broadcasted_total",
    "Messages that were sent to clients: replies, pushes, app messages.",
  ], (s) => s.messagesOut),
  counter(
    [
      "websocket_connection_errors_total",
      "Connections that ended otherwise than in good order, by close code.",
    ],
    (s) => s.connectionErrors,
    "code",
  ),
  gauge(["node_memory_usage_bytes", "Resident memory of the process."], (s) => s.memoryBytes),
  gauge(["node_eventloop_lag_seconds", "Worst event-loop lag between two beats."], (s) => s.lagSeconds),
  gauge(["node_cpu_usage_percent", "CPU use between two beats; 100 is one core."], (s) => s.cpuPercent),
  counter(
    ["shoal_connections_opened_total", "WebSocket connections that were accepted."],
    (s) => s.connectionsOpened,
  ),
  counter(
    ["shoal_connections_refused_total", "Connections answered 503 because the node was full."],
    (s) => s.connectionsRefused,
  ),
  counter(
    ["shoal_command_errors_total", "Commands answered with an error, by its code."],
    (s) => s.errors,
    "code",
  ),
  counter(
    [
      "shoal_frames_sent_total",
      "Frames made (over 8 KiB one may leave as several); messages per frame is the coalescing ratio.",
    ],
    (s) => s.framesOut,
  ),
  counter(["shoal_received_bytes_total", "Bytes of messages received."], (s) => s.bytesIn),
  counter(["shoal_sent_bytes_total", "Bytes of messages sent."], (s) => s.bytesOut),
  counter(
    ["shoal_publications_total", "Publications that this node was asked to make."],
    (s) => s.publications,
  ),
  counter(
    ["shoal_listeners_reopened_total", "Listeners that were lost and opened again."],
    (s) => s.listenersReopened,
  ),
  counter(["shoal_nodes_reaped_total", "Dead nodes that this node cleaned up after."], (s) => s.reaps),
  gauge(["shoal_channels", "Channels that this node has an interest in."], (s) => s.channels),
  gauge(["shoal_subscriptions_desired", "Channels wanted of the backend."], (s) => s.desiredSubscriptions),
  gauge(
    ["shoal_subscriptions_confirmed", "Channels confirmed by the backend."],
    (s) => s.confirmedSubscriptions,
  ),
  gauge(["shoal_ready", "1 when the node is ready for clients."], (s) => Number(s.isReady)),
  gauge(["shoal_draining", "1 when the node is draining."], (s) => Number(s.isDraining)),
  ...within((s: MetricsSource) => s.clients, clientRows),
  ...within((s: MetricsSource) => s.history, historyRows),
  ...within((s: MetricsSource) => s.services, serviceRows),
  ...within((s: MetricsSource) => s.backend, backendRows),
  ...within((s: MetricsSource) => s.process, processRows),
];

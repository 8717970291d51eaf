/** Metrics of a node's way to the others: Redis or the hub, and its place in the cluster. */
import type { BucketReading } from "../core/buckets.ts";
import { counter, gauge, histogram, type MetricRow } from "./row.ts";

/** What the connections of a backend carried; undefined where it has none. */
export interface BackendTrafficReadings {
  readonly connections: number;
  readonly commands: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly countedPublications: number;
  readonly nodesTouched: number;
}

/** What they are read from; times in seconds, sizes in bytes. */
export interface BackendReadings {
  readonly latency: BucketReading;
  readonly pubsubLag: BucketReading;
  readonly isUp: boolean;
  readonly losses: number;
  readonly burials: number;
  readonly traffic: BackendTrafficReadings | undefined;
}

/** The table. */
export const backendRows: readonly MetricRow<BackendReadings>[] = [
  histogram(
    ["shoal_backend_latency_seconds", "Round trip of a beat: one script in the backend."],
    (s) => s.latency,
  ),
  histogram(
    [
      "shoal_pubsub_lag_seconds",
      "Time from publishing a probe to its return through the node's own channel.",
    ],
    (s) => s.pubsubLag,
  ),
  gauge(["shoal_backend_up", "1 while the backend is reached."], (s) => Number(s.isUp)),
  counter(["shoal_backend_losses_total", "How often the backend was lost."], (s) => s.losses),
  counter(
    ["shoal_burials_total", "How often the cluster declared this node dead while it lived."],
    (s) => s.burials,
  ),
  gauge(["shoal_backend_connections", "Open connections to the backend."], (s) => s.traffic?.connections),
  counter(
    ["shoal_backend_commands_total", "Commands sent to Redis, or frames sent to the hub."],
    (s) => s.traffic?.commands,
  ),
  counter(["shoal_backend_sent_bytes_total", "Bytes sent to the backend."], (s) => s.traffic?.sentBytes),
  counter(
    ["shoal_backend_received_bytes_total", "Bytes received from the backend."],
    (s) => s.traffic?.receivedBytes,
  ),
  counter(
    [
      "shoal_counted_publications_total",
      "Publications for which Redis told how many nodes they reached; those with history are not among them.",
    ],
    (s) => s.traffic?.countedPublications,
  ),
  counter(
    [
      "shoal_publication_nodes_total",
      "Nodes that these publications reached; the quotient is nodes touched.",
    ],
    (s) => s.traffic?.nodesTouched,
  ),
];

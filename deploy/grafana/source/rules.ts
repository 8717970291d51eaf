/** Recording rules: what is asked for often, computed once. */
import { mean, metric, quantile, rate } from "./promql.ts";

/** One recorded series; names say level, metric and operation. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

const WINDOW = "5m";

/** The rules of `rules.yml`. */
export const recordingRules: readonly RecordingRule[] = [
  { record: "shoal:connections:sum", expr: `sum(${metric("websocket_active_connections")})` },
  {
    record: "shoal:messages_in:rate5m",
    expr: `sum(${rate("websocket_messages_received_total", "", WINDOW)})`,
  },
  {
    record: "shoal:messages_out:rate5m",
    expr: `sum(${rate("websocket_messages_broadcasted_total", "", WINDOW)})`,
  },
  {
    record: "instance:messages_per_frame:rate5m",
    expr: `${rate("websocket_messages_broadcasted_total", "", WINDOW)} / ${
      rate("shoal_frames_sent_total", "", WINDOW)
    }`,
  },
  {
    record: "instance:nodes_per_publication:rate5m",
    expr: `${rate("shoal_publication_nodes_total", "", WINDOW)} / ${
      rate("shoal_counted_publications_total", "", WINDOW)
    }`,
  },
  { record: "instance:cpu_cores:rate5m", expr: rate("process_cpu_seconds_total", "", WINDOW) },
  {
    record: "instance:eventloop_lag_seconds:p99_5m",
    expr: quantile(0.99, "shoal_eventloop_lag_seconds", { by: "instance", window: WINDOW }),
  },
  {
    record: "instance:pubsub_lag_seconds:p99_5m",
    expr: quantile(0.99, "shoal_pubsub_lag_seconds", { by: "instance", window: WINDOW }),
  },
  {
    record: "instance:backend_latency_seconds:mean5m",
    expr: mean("shoal_backend_latency_seconds", "instance", "", WINDOW),
  },
  {
    record: "instance_command:processing_seconds:p99_5m",
    expr: quantile(0.99, "websocket_message_processing_seconds", { by: "instance, command", window: WINDOW }),
  },
];

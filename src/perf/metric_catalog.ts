/**
 * Every metric of the load tester: name, type, meaning, labels. A table and nothing else: the Prometheus endpoint of a
 * run and the dashboard of the load tester both read it, so that neither can name what the other does not know.
 */

/** One metric of a run. Labels have few values each: never an id of a connection. */
export interface PerfMetricRow {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

/** Upper bounds of `ws_simulator_message_size_bytes`. */
export const perfSizeBounds: readonly number[] = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

/** Names that others' tools expect of a WebSocket load generator. */
const simulatorRows: readonly PerfMetricRow[] = [
  gauge("ws_simulator_connections", "Open connections of the load tester."),
  counter("ws_simulator_messages_sent_total", "Messages sent."),
  counter("ws_simulator_messages_received_total", "Messages received."),
  counter("ws_simulator_errors_total", "Errors of any class."),
  histogram("ws_simulator_message_latency_seconds", "Round trip from the intended time of sending."),
  histogram("ws_simulator_connection_duration_seconds", "How long connections lived, once they have ended."),
  histogram("ws_simulator_message_size_bytes", "Size of messages sent."),
  counter("ws_simulator_reconnect_attempts_total", "Attempts to connect again."),
  counter("ws_simulator_bytes_sent_total", "Bytes of messages sent."),
  counter("ws_simulator_bytes_received_total", "Bytes of messages received."),
];

/** What a run knows beyond that. */
const ownRows: readonly PerfMetricRow[] = [
  gauge("perf_connections", "Connections by state.", "instance", "state"),
  histogram(
    "perf_connect_seconds",
    "Time of each phase of connecting: tcp, upgrade, welcome.",
    "instance",
    "phase",
  ),
  counter("perf_messages_sent_total", "Messages sent to an instance.", "instance"),
  counter("perf_messages_received_total", "Messages received from an instance, by kind.", "instance", "kind"),
  histogram(
    "perf_rtt_seconds",
    "Round trip: corrected from the intended time, raw from the actual one.",
    "instance",
    "view",
  ),
  histogram(
    "perf_fanout_seconds",
    "Time until the first, median and last subscriber had a publication.",
    "origin",
    "via",
    "rank",
  ),
  histogram(
    "perf_cross_seconds",
    "Time from a publisher on one instance to a subscriber on another.",
    "from",
    "to",
  ),
  counter("perf_lost_total", "Messages that never arrived.", "from", "to"),
  counter("perf_duplicate_total", "Messages that arrived more than once.", "from", "to"),
  counter("perf_reordered_total", "Messages that arrived before their predecessor.", "from", "to"),
  counter("perf_late_total", "Messages that arrived after the end of the run.", "from", "to"),
  counter("perf_errors_total", "Errors by class.", "instance", "class"),
  gauge("perf_offered_rate", "Messages a second that the plan asks for."),
  gauge("perf_achieved_rate", "Messages a second that were sent."),
  counter("perf_overruns_total", "Sends that came more than two ticks of the pacer late."),
  histogram("perf_send_lag_seconds", "How late messages were sent, against the plan."),
  counter("perf_throttle_seconds_total", "Time for which the memory governor held back."),
  gauge("perf_worker_cpu_ratio", "CPU use of a worker; 1 is one core.", "worker"),
  gauge("perf_worker_lag_seconds", "Event-loop lag of a worker.", "worker"),
  gauge("perf_worker_rss_bytes", "Resident memory of a worker.", "worker"),
  gauge("perf_buffered_bytes", "Bytes that wait in the sockets of the load tester."),
];

/** The table. */
export const perfMetricTable: readonly PerfMetricRow[] = [...simulatorRows, ...ownRows];

function gauge(name: string, help: string, ...labels: readonly string[]): PerfMetricRow {
  return { name, type: "gauge", help, labels };
}

function counter(name: string, help: string, ...labels: readonly string[]): PerfMetricRow {
  return { name, type: "counter", help, labels };
}

function histogram(name: string, help: string, ...labels: readonly string[]): PerfMetricRow {
  return { name, type: "histogram", help, labels };
}

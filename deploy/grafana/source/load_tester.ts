import { type DashboardSpec, lines, stat } from "./panel.ts";
import { metric, quantile, rate } from "./promql.ts";

/** A run of the load tester, while it runs. */
export const loadTester: DashboardSpec = {
  uid: "shoal-load-tester",
  title: "Shoal: load tester",
  about: "What `deno task perf run --prometheus` tells while it runs. Exact percentiles are in its report.",
  rows: [
    {
      title: "Now",
      panels: [
        stat("Connections", "Open.", "short", `sum(${metric("ws_simulator_connections")})`),
        stat("Sent", "Messages.", "ops", `sum(${rate("ws_simulator_messages_sent_total")})`),
        stat("Received", "Messages.", "ops", `sum(${rate("ws_simulator_messages_received_total")})`),
        stat("Errors", "Of any class.", "ops", `sum(${rate("ws_simulator_errors_total")})`),
      ],
    },
    {
      title: "Load",
      panels: [
        lines(
          "Offered and achieved",
          "Achieved below offered: the generator or the server is at its end.",
          "ops",
          [
            [metric("perf_offered_rate"), "offered"],
            [metric("perf_achieved_rate"), "achieved"],
          ],
        ),
        lines("Connections by state", "By instance.", "short", [
          [`sum by (state) (${metric("perf_connections")})`, "{{state}}"],
        ]),
        lines("Messages by instance", "Sent and received.", "ops", [
          [`sum by (instance) (${rate("perf_messages_sent_total")})`, "{{instance}} sent"],
          [`sum by (instance, kind) (${rate("perf_messages_received_total")})`, "{{instance}} {{kind}}"],
        ]),
        lines("Bytes", "Of messages.", "Bps", [
          [`sum(${rate("ws_simulator_bytes_sent_total")})`, "sent"],
          [`sum(${rate("ws_simulator_bytes_received_total")})`, "received"],
        ]),
      ],
    },
    {
      title: "Latency",
      panels: [
        lines(
          "Round trip",
          "Corrected runs from the intended time: it sees what a stalled sender hides.",
          "s",
          [
            [quantile(0.5, "perf_rtt_seconds", { by: "view" }), "p50 {{view}}"],
            [quantile(0.99, "perf_rtt_seconds", { by: "view" }), "p99 {{view}}"],
            [quantile(0.99, "ws_simulator_message_latency_seconds", { by: "" }), "p99 of all"],
          ],
        ),
        lines("Fan-out", "First, median and last subscriber.", "s", [
          [quantile(0.99, "perf_fanout_seconds", { by: "rank" }), "p99 {{rank}}"],
        ]),
        lines("Across instances", "From publisher's to subscriber's instance.", "s", [
          [quantile(0.99, "perf_cross_seconds", { by: "from, to" }), "{{from}} to {{to}} p99"],
        ]),
        lines("Connecting", "By phase.", "s", [
          [quantile(0.99, "perf_connect_seconds", { by: "phase" }), "{{phase}} p99"],
        ]),
      ],
    },
    {
      title: "Truth",
      panels: [
        lines(
          "Ledger",
          "Anything above zero is a fault of the server or a fault that was injected.",
          "short",
          [
            [`sum(${metric("perf_lost_total")})`, "lost"],
            [`sum(${metric("perf_duplicate_total")})`, "duplicate"],
            [`sum(${metric("perf_reordered_total")})`, "reordered"],
            [`sum(${metric("perf_late_total")})`, "late"],
          ],
        ),
        lines("Errors by class", "And attempts to come back.", "ops", [
          [`sum by (class) (${rate("perf_errors_total")})`, "{{class}}"],
          [`sum(${rate("ws_simulator_reconnect_attempts_total")})`, "reconnects"],
        ]),
        lines("Life of connections, size of messages", "Medians.", "short", [
          [quantile(0.5, "ws_simulator_connection_duration_seconds", { by: "" }), "seconds"],
          [quantile(0.5, "ws_simulator_message_size_bytes", { by: "" }), "bytes"],
        ]),
      ],
    },
    {
      title: "The generator itself",
      panels: [
        lines("Send lag", "How late messages left. Large: the run measures its generator.", "s", [
          [quantile(0.99, "perf_send_lag_seconds", { by: "" }), "p99"],
        ]),
        lines("Overruns and throttling", "Late sends, and seconds held back for want of memory.", "ops", [
          [`sum(${rate("perf_overruns_total")})`, "overruns"],
          [`sum(${rate("perf_throttle_seconds_total")})`, "throttled"],
        ]),
        lines("Workers: CPU and lag", "A worker at 1 is a full core.", "short", [
          [metric("perf_worker_cpu_ratio"), "{{worker}} CPU"],
          [metric("perf_worker_lag_seconds"), "{{worker}} lag, s"],
        ]),
        lines("Workers: memory and buffers", "Resident memory; bytes waiting in sockets.", "bytes", [
          [metric("perf_worker_rss_bytes"), "{{worker}}"],
          [metric("perf_buffered_bytes"), "buffered"],
        ]),
      ],
    },
  ],
};

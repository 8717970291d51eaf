import { type DashboardSpec, lines, stat } from "./panel.ts";
import { halfAndTail, metric, PICKED, rate } from "./promql.ts";

/** One node, or several side by side: the process and its event loop. */
export const node: DashboardSpec = {
  uid: "shoal-node",
  title: "Shoal: node and event loop",
  about: "What a node's process does with its one core.",
  instancesOf: metric("shoal_ready"),
  rows: [
    {
      title: "Now",
      panels: [
        stat("Ready", "1: takes clients.", "short", `min(${metric("shoal_ready", PICKED)})`),
        stat(
          "Up since",
          "Start of the youngest.",
          "dateTimeFromNow",
          `max(${metric("process_start_time_seconds", PICKED)}) * 1000`,
        ),
        stat(
          "Connections",
          "Open WebSockets.",
          "short",
          `sum(${metric("websocket_active_connections", PICKED)})`,
        ),
        stat(
          "Records left out",
          "Logs that repeated too fast.",
          "ops",
          `sum(${rate("shoal_log_suppressed_total", PICKED)})`,
        ),
      ],
    },
    {
      title: "Event loop",
      panels: [
        lines(
          "Lag, quantiles",
          "How late a timer of 100 ms fires. p99 over 50 ms: clients feel it.",
          "s",
          halfAndTail("shoal_eventloop_lag_seconds", "instance", PICKED),
        ),
        lines("Worst lag between two beats", "The last second before the scrape only.", "s", [
          [metric("node_eventloop_lag_seconds", PICKED), "{{instance}}"],
        ]),
        lines("CPU", "1 is one core, and a node's JavaScript has one.", "percentunit", [
          [rate("process_cpu_seconds_total", PICKED), "{{instance}}"],
        ]),
        lines("CPU between two beats", "The figure of /stats.", "percent", [
          [metric("node_cpu_usage_percent", PICKED), "{{instance}}"],
        ]),
      ],
    },
    {
      title: "Memory and descriptors",
      panels: [
        lines("Memory", "Resident, and of that the JavaScript heap.", "bytes", [
          [metric("node_memory_usage_bytes", PICKED), "{{instance}} resident"],
          [metric("node_heap_used_bytes", PICKED), "{{instance}} heap"],
        ]),
        lines("Memory a connection", "Resident memory over connections; falls while a node fills.", "bytes", [
          [
            `${metric("node_memory_usage_bytes", PICKED)} / clamp_min(${
              metric("websocket_active_connections", PICKED)
            }, 1)`,
            "{{instance}}",
          ],
        ]),
        lines("Waiting for clients", "Bytes in outboxes: a rise means slow readers.", "bytes", [
          [metric("shoal_outbox_bytes", PICKED), "{{instance}}"],
        ]),
        lines("Descriptors and connections against their limits", "Limits where they are known.", "short", [
          [metric("shoal_open_descriptors", PICKED), "{{instance}} descriptors"],
          [metric("shoal_descriptor_limit", PICKED), "{{instance}} descriptor limit"],
          [metric("shoal_connection_limit", PICKED), "{{instance}} connection limit"],
        ]),
      ],
    },
    {
      title: "Work",
      panels: [
        lines("Messages per frame", "Coalescing: what one tick owes a client leaves as one frame.", "short", [
          [
            `${rate("websocket_messages_broadcasted_total", PICKED)} / ${
              rate("shoal_frames_sent_total", PICKED)
            }`,
            "{{instance}}",
          ],
        ]),
        lines(
          "Time of commands",
          "From arrival to answer, by kind.",
          "s",
          halfAndTail("websocket_message_processing_seconds", "command", PICKED),
        ),
        lines("Connection errors by code", "Ends that were not in good order.", "ops", [
          [`sum by (code) (${rate("websocket_connection_errors_total", PICKED)})`, "{{code}}"],
        ]),
        lines("Log records by level", "Warnings and errors deserve a look.", "ops", [
          [`sum by (level) (${rate("shoal_log_records_total", PICKED)})`, "{{level}}"],
        ]),
        lines("Listeners reopened", "A listener was lost, usually for want of descriptors.", "ops", [
          [rate("shoal_listeners_reopened_total", PICKED), "{{instance}}"],
        ]),
      ],
    },
  ],
};

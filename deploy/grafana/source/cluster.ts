import { type DashboardSpec, lines, stat } from "./panel.ts";
import { metric, quantile, rate } from "./promql.ts";

/** The cluster as a whole: is it up, how loaded is it, is the load even. */
export const cluster: DashboardSpec = {
  uid: "shoal-cluster",
  title: "Shoal: cluster",
  about: "All nodes together. Start here.",
  rows: [
    {
      title: "Now",
      panels: [
        stat(
          "Nodes ready",
          "Below the number you run: look at the nodes.",
          "short",
          `sum(${metric("shoal_ready")})`,
        ),
        stat("Connections", "Open WebSockets.", "short", `sum(${metric("websocket_active_connections")})`),
        stat(
          "Messages out",
          "Replies, pushes and app messages.",
          "ops",
          `sum(${rate("websocket_messages_broadcasted_total")})`,
        ),
        stat(
          "p99 of commands",
          "From arrival to answer, all kinds.",
          "s",
          quantile(0.99, "websocket_message_processing_seconds", { by: "" }),
        ),
      ],
    },
    {
      title: "Clients",
      panels: [
        lines(
          "Connections by node",
          "Uneven after a restart is normal; uneven for hours is a balancer's fault.",
          "short",
          [
            [metric("websocket_active_connections"), "{{instance}}"],
          ],
        ),
        lines("Connections opened and refused", "Refused: the node is full.", "ops", [
          [`sum(${rate("shoal_connections_opened_total")})`, "opened"],
          [`sum(${rate("shoal_connections_refused_total")})`, "refused"],
        ]),
        lines("Closes by code", "3001 drain, 3008 too slow, 3012 no pong, 1006 gone without a word.", "ops", [
          [`sum by (code) (${rate("shoal_connections_closed_total")}) > 0`, "{{code}}"],
        ]),
        lines("Errors answered by code", "100 is the backend's; 103 and 107 are the clients'.", "ops", [
          [`sum by (code) (${rate("shoal_command_errors_total")})`, "{{code}}"],
        ]),
      ],
    },
    {
      title: "Messages",
      panels: [
        lines("Messages", "In: commands and app messages. Out: what clients get.", "ops", [
          [`sum(${rate("websocket_messages_received_total")})`, "in"],
          [`sum(${rate("websocket_messages_broadcasted_total")})`, "out"],
          [`sum(${rate("shoal_publications_total")})`, "publications"],
        ]),
        lines("Bytes of messages", "Payload of WebSocket messages, without framing and TCP.", "Bps", [
          [`sum(${rate("shoal_received_bytes_total")})`, "in"],
          [`sum(${rate("shoal_sent_bytes_total")})`, "out"],
        ]),
        lines("Commands by kind", "What clients ask for.", "ops", [
          [`sum by (command) (${rate("shoal_commands_total")})`, "{{command}}"],
        ]),
        lines("p99 of commands by kind", "From arrival to answer.", "s", [
          [quantile(0.99, "websocket_message_processing_seconds", { by: "command" }), "{{command}}"],
        ]),
      ],
    },
    {
      title: "History and slow subscribers",
      panels: [
        lines("Recoveries", "Unrecovered: the history was shorter than the absence.", "ops", [
          [`sum by (result) (${rate("shoal_recoveries_total")})`, "{{result}}"],
        ]),
        lines(
          "Missed and left out",
          "Positions lost start over; dropped and conflated follow the channel's policy.",
          "ops",
          [
            [`sum(${rate("shoal_positions_lost_total")})`, "positions lost"],
            [`sum(${rate("shoal_publications_dropped_total")})`, "dropped"],
            [`sum(${rate("shoal_publications_conflated_total")})`, "conflated"],
            [`sum(${rate("shoal_slow_closed_total")})`, "closed as slow"],
          ],
        ),
      ],
    },
    {
      title: "Services",
      panels: [
        lines(
          "Calls by outcome",
          "provider: its own error. busy: raise concurrency, or add providers.",
          "ops",
          [
            [`sum by (outcome) (${rate("shoal_service_calls_total")})`, "{{outcome}}"],
          ],
        ),
        lines(
          "Time of calls",
          "From the call to its end, at the caller's node; providers' work is in it.",
          "s",
          [
            [quantile(0.5, "shoal_service_call_seconds", { by: "" }), "p50"],
            [quantile(0.99, "shoal_service_call_seconds", { by: "" }), "p99"],
          ],
        ),
        lines("Under way", "Waiting at callers, and running at providers; requests between nodes.", "short", [
          [`sum(${metric("shoal_service_calls_waiting")})`, "calls waited for"],
          [`sum(${metric("shoal_service_calls_hosted")})`, "calls and streams at providers"],
          [`sum(${metric("shoal_service_streams_read")})`, "streams read"],
          [`sum(${metric("shoal_node_requests_waiting")})`, "requests between nodes"],
        ]),
        lines("Streams by outcome, and their items", "gone: the provider died. Items go to callers.", "ops", [
          [`sum by (outcome) (${rate("shoal_service_streams_total")})`, "{{outcome}}"],
          [`sum(${rate("shoal_service_items_total")})`, "items"],
        ]),
        lines("Providers by node", "Offers of clients; one client counts once a service.", "short", [
          [metric("shoal_service_providers"), "{{instance}}"],
        ]),
      ],
    },
    {
      title: "Nodes",
      panels: [
        lines("Ready and draining", "A node takes clients while it is ready.", "short", [
          [`sum(${metric("shoal_ready")})`, "ready"],
          [`sum(${metric("shoal_draining")})`, "draining"],
        ]),
        lines("Life and death", "Buried: declared dead while it lived. Reaped: cleaned up after.", "ops", [
          [`sum(${rate("shoal_nodes_reaped_total")})`, "reaped"],
          [`sum(${rate("shoal_burials_total")})`, "buried"],
          [`sum(${rate("shoal_drains_total")})`, "drained"],
        ]),
        lines("Versions", "More than one for long: a rolling change that stopped half-way.", "short", [
          [`count by (version) (${metric("shoal_build_info")})`, "{{version}}"],
        ]),
        lines("Channels", "In which nodes have an interest; one channel counts once a node.", "short", [
          [`sum(${metric("shoal_channels")})`, "channels"],
        ]),
      ],
    },
  ],
};

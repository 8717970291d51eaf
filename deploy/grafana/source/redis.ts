import { type DashboardSpec, lines, stat } from "./panel.ts";
import { halfAndTail, mean, metric, PICKED, quantile, rate } from "./promql.ts";

/** Redis (or the hub) as the nodes see it: nothing of this comes from Redis itself. */
export const redis: DashboardSpec = {
  uid: "shoal-redis",
  title: "Shoal: Redis",
  about: "The backend as the nodes see it. For Redis's own view add an exporter beside it.",
  instancesOf: metric("shoal_ready"),
  rows: [
    {
      title: "Now",
      panels: [
        stat(
          "Nodes that reach it",
          "Fewer than ready nodes: some wait for it.",
          "short",
          `sum(${metric("shoal_backend_up", PICKED)})`,
        ),
        stat(
          "p99 of a beat",
          "One script.",
          "s",
          quantile(0.99, "shoal_backend_latency_seconds", { by: "", labels: PICKED }),
        ),
        stat(
          "p99 of pub/sub",
          "Out and back.",
          "s",
          quantile(0.99, "shoal_pubsub_lag_seconds", { by: "", labels: PICKED }),
        ),
        stat(
          "Commands",
          "All nodes together.",
          "ops",
          `sum(${rate("shoal_backend_commands_total", PICKED)})`,
        ),
      ],
    },
    {
      title: "Latency",
      panels: [
        lines(
          "Round trip of a beat",
          "Connection for state: registry, presence, history reads.",
          "s",
          halfAndTail("shoal_backend_latency_seconds", "instance", PICKED),
        ),
        lines(
          "Pub/sub, out and back",
          "Connection for messages: a probe to the node's own channel.",
          "s",
          halfAndTail("shoal_pubsub_lag_seconds", "instance", PICKED),
        ),
        lines("Mean round trips", "Means are steadier than quantiles of one probe a second.", "s", [
          [mean("shoal_backend_latency_seconds", "instance", PICKED), "{{instance}} beat"],
          [mean("shoal_pubsub_lag_seconds", "instance", PICKED), "{{instance}} pub/sub"],
        ]),
        lines("Losses", "The backend was ready and then was not.", "ops", [
          [rate("shoal_backend_losses_total", PICKED), "{{instance}}"],
        ]),
      ],
    },
    {
      title: "Load",
      panels: [
        lines("Commands", "Sent to Redis; frames where the hub is the backend.", "ops", [
          [rate("shoal_backend_commands_total", PICKED), "{{instance}}"],
        ]),
        lines("Bytes", "Of the connections to the backend.", "Bps", [
          [rate("shoal_backend_sent_bytes_total", PICKED), "{{instance}} sent"],
          [rate("shoal_backend_received_bytes_total", PICKED), "{{instance}} received"],
        ]),
        lines(
          "Nodes touched by a publication",
          "1 with good locality; near the number of nodes when each has subscribers.",
          "short",
          [
            [
              `${rate("shoal_publication_nodes_total", PICKED)} / ${
                rate("shoal_counted_publications_total", PICKED)
              }`,
              "{{instance}}",
            ],
          ],
        ),
        lines("Connections", "Two a node: messages and state.", "short", [
          [metric("shoal_backend_connections", PICKED), "{{instance}}"],
        ]),
      ],
    },
    {
      title: "Subscriptions",
      panels: [
        lines(
          "Wanted and confirmed",
          "They differ for a moment after a subscribe, and for long when Redis does not answer.",
          "short",
          [
            [metric("shoal_subscriptions_desired", PICKED), "{{instance}} wanted"],
            [metric("shoal_subscriptions_confirmed", PICKED), "{{instance}} confirmed"],
          ],
        ),
        lines("Publications", "That clients and applications asked for.", "ops", [
          [rate("shoal_publications_total", PICKED), "{{instance}}"],
        ]),
      ],
    },
  ],
};

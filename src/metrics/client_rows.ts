/** Metrics of connections, and of what their clients ask for. */
import type { Labelled, LabelledHistograms } from "./reading.ts";
import { counter, gauge, histogram, type MetricRow } from "./row.ts";

/** What they are read from; times in seconds, sizes in bytes. */
export interface ClientReadings {
  /** Undefined where there is no limit. */
  readonly connectionLimit: number | undefined;
  readonly closes: Labelled;
  readonly limitHits: Labelled;
  readonly commands: Labelled;
  readonly commandSeconds: LabelledHistograms;
  readonly outboxBytes: number;
  readonly drains: number;
}

/** The table. */
export const clientRows: readonly MetricRow<ClientReadings>[] = [
  histogram(
    [
      "websocket_message_processing_seconds",
      "Time from the arrival of a command to its answer; one command in 16 of each kind is timed.",
    ],
    (s) => s.commandSeconds,
    "command",
  ),
  counter(["shoal_commands_total", "Commands of clients, by kind."], (s) => s.commands, "command"),
  counter(
    ["shoal_connections_closed_total", "Connections that ended, by close code, whoever closed them."],
    (s) => s.closes,
    "code",
  ),
  counter(
    [
      "shoal_limit_hits_total",
      "Connections, commands or messages that were turned away, by the option that limits them.",
    ],
    (s) => s.limitHits,
    "limit",
  ),
  gauge(
    ["shoal_connection_limit", "Connections at which a node refuses more."],
    (s) => s.connectionLimit,
  ),
  gauge(
    ["shoal_outbox_bytes", "Bytes that wait to be taken by clients, over all connections."],
    (s) => s.outboxBytes,
  ),
  counter(["shoal_drains_total", "How often this node began to drain."], (s) => s.drains),
];

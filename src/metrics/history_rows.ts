/** Metrics of channels that remember, and of subscribers who are slow or come back. */
import type { Labelled } from "./reading.ts";
import { counter, type MetricRow } from "./row.ts";

/** What they are read from. */
export interface HistoryReadings {
  readonly recoveries: Labelled;
  readonly positionsLost: number;
  readonly slowCloses: number;
  readonly publicationsDropped: number;
  readonly publicationsConflated: number;
}

/** The table. */
export const historyRows: readonly MetricRow<HistoryReadings>[] = [
  counter(
    [
      "shoal_recoveries_total",
      "Subscribers who came back and asked for what they missed: recovered, or unrecovered.",
    ],
    (s) => s.recoveries,
    "result",
  ),
  counter(
    [
      "shoal_positions_lost_total",
      "Subscriptions that missed a publication and were told to start over.",
    ],
    (s) => s.positionsLost,
  ),
  counter(
    ["shoal_slow_closed_total", "Connections closed because they did not read (3008)."],
    (s) => s.slowCloses,
  ),
  counter(
    [
      "shoal_publications_dropped_total",
      "Publications that a slow subscriber did not get: the oldest that waited.",
    ],
    (s) => s.publicationsDropped,
  ),
  counter(
    [
      "shoal_publications_conflated_total",
      "Publications that a slow subscriber did not get: a later one of their key came.",
    ],
    (s) => s.publicationsConflated,
  ),
];

/** Metrics of services: what callers of a node ask, and what its clients offer. */
import type { BucketReading } from "../core/buckets.ts";
import type { Labelled } from "./reading.ts";
import { counter, gauge, histogram, type MetricRow } from "./row.ts";

/** What they are read from; times in seconds. */
export interface ServiceReadings {
  /** Calls that have ended, by outcome. */
  readonly calls: Labelled;
  readonly callSeconds: BucketReading;
  readonly callsWaiting: number;
  /** Streams that have ended or could not begin, by outcome. */
  readonly streams: Labelled;
  readonly streamsRead: number;
  readonly items: number;
  readonly hosted: number;
  readonly offered: number;
  readonly nodeRequests: number;
}

/** The table. */
export const serviceRows: readonly MetricRow<ServiceReadings>[] = [
  counter(
    ["shoal_service_calls_total", "Calls of services by callers of this node that have ended, by outcome."],
    (s) => s.calls,
    "outcome",
  ),
  histogram(
    ["shoal_service_call_seconds", "Time from a call of a service to its end, at the caller's node."],
    (s) => s.callSeconds,
  ),
  gauge(
    ["shoal_service_calls_waiting", "Calls of services that callers of this node wait for."],
    (s) => s.callsWaiting,
  ),
  counter(
    [
      "shoal_service_streams_total",
      "Streams for callers of this node that have ended or could not begin, by outcome.",
    ],
    (s) => s.streams,
    "outcome",
  ),
  gauge(["shoal_service_streams_read", "Streams that callers of this node read."], (s) => s.streamsRead),
  counter(
    ["shoal_service_items_total", "Items of streams that were handed to callers of this node."],
    (s) => s.items,
  ),
  gauge(
    ["shoal_service_calls_hosted", "Calls and streams that run at providers of this node."],
    (s) => s.hosted,
  ),
  gauge(
    [
      "shoal_service_providers",
      "Offers of services by clients of this node; one client counts once a service.",
    ],
    (s) => s.offered,
  ),
  gauge(
    [
      "shoal_node_requests_waiting",
      "Requests to other nodes, calls of services among them, that wait for an answer.",
    ],
    (s) => s.nodeRequests,
  ),
];

/** Metrics of the process that a node is. */
import type { BucketReading } from "../core/buckets.ts";
import type { Labelled } from "./reading.ts";
import { counter, gauge, histogram, type MetricRow } from "./row.ts";

/** What they are read from; times in seconds, sizes in bytes. */
export interface ProcessReadings {
  readonly version: string;
  readonly node: string;
  readonly cpuSeconds: number;
  readonly startedSeconds: number;
  readonly heapUsedBytes: number;
  readonly loopLag: BucketReading;
  readonly openSockets: number;
  /** Undefined where it is not known. */
  readonly descriptorLimit: number | undefined;
  /** Undefined for a logger of the application's own. */
  readonly logRecords: Labelled | undefined;
  readonly logSuppressed: number | undefined;
}

/** The table. */
export const processRows: readonly MetricRow<ProcessReadings>[] = [
  counter(["process_cpu_seconds_total", "CPU time of the process, user and system."], (s) => s.cpuSeconds),
  gauge(
    ["process_start_time_seconds", "When the node was made, seconds since 1970."],
    (s) => s.startedSeconds,
  ),
  gauge(["node_heap_used_bytes", "JavaScript heap in use."], (s) => s.heapUsedBytes),
  histogram(
    ["shoal_eventloop_lag_seconds", "How late a timer of 100 ms fires, each time it does."],
    (s) => s.loopLag,
  ),
  gauge(
    [
      "shoal_open_descriptors",
      "Descriptors of the node's own sockets: WebSockets, listeners, backend. Requests in flight are not counted.",
    ],
    (s) => s.openSockets,
  ),
  gauge(
    ["shoal_descriptor_limit", "Descriptors that the process may have, as configured."],
    (s) => s.descriptorLimit,
  ),
  gauge(
    ["shoal_build_info", "1, with the version of the node."],
    (s) => new Map([[s.version, 1]]),
    "version",
  ),
  gauge(
    ["shoal_node_info", "1, with the id that logs give this node."],
    (s) => new Map([[s.node, 1]]),
    "node",
  ),
  counter(["shoal_log_records_total", "Log records written, by level."], (s) => s.logRecords, "level"),
  counter(
    ["shoal_log_suppressed_total", "Log records left out because they repeated too fast."],
    (s) => s.logSuppressed,
  ),
];

/**
 * What the Prometheus endpoint of a run shows while it runs, as plain data: coarse buckets that workers can send once a
 * second and a coordinator adds up. Reports do not come from here but from the result's exact histograms.
 */
import { addBuckets, type BucketData } from "../truth/bucket_counts.ts";
import type { ErrorRow } from "../truth/error_classes.ts";

/** Both views of the latency of one instance, seconds. */
export interface InstanceTelemetry {
  readonly instance: string;
  readonly corrected: BucketData;
  readonly raw: BucketData;
  /** Phases of connecting, seconds. */
  readonly tcp: BucketData;
  readonly upgrade: BucketData;
  readonly welcome: BucketData;
  /** Of `received`, those that were deliveries to subscribers. */
  readonly delivered: number;
  readonly lostConnections: number;
}

/** Deliveries from instance to instance. */
export interface PairTelemetry {
  readonly from: string;
  readonly to: string;
  readonly latency: BucketData;
  /** By the rank of the subscriber on `to` among all subscribers of a publication. */
  readonly first: BucketData;
  readonly median: BucketData;
  readonly last: BucketData;
  readonly duplicate: number;
  readonly reordered: number;
  readonly late: number;
}

/** The state of one generator process. */
export interface WorkerTelemetry {
  readonly worker: string;
  /** CPU time by wall time since it began to send. */
  readonly cpuCores: number;
  /** How late its last timer was. */
  readonly lagSeconds: number;
  readonly rssBytes: number;
}

/** All of one process, or of several added up. Counts are since the start. */
export interface Telemetry {
  readonly instances: readonly InstanceTelemetry[];
  readonly pairs: readonly PairTelemetry[];
  readonly workers: readonly WorkerTelemetry[];
  readonly errors: readonly ErrorRow[];
  /** Of connections that have ended, seconds. */
  readonly connectionSeconds: BucketData;
  /** Payloads of messages that left, bytes. */
  readonly sizes: BucketData;
  readonly sendLag: BucketData;
  readonly lateSends: number;
  readonly reconnectAttempts: number;
  readonly throttledMs: number;
  readonly bufferedBytes: number;
}

/** The sum of all parts; workers keep rows of their own. Undefined for none. */
export function addTelemetry(parts: readonly Telemetry[]): Telemetry | undefined {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first;
  const sum = (field: "lateSends" | "reconnectAttempts" | "throttledMs" | "bufferedBytes") =>
    parts.reduce((total, part) => total + part[field], 0);
  return {
    instances: groupBy(parts.flatMap((part) => part.instances), (row) => row.instance).map(addInstances),
    pairs: groupBy(parts.flatMap((part) => part.pairs), (row) => `${row.from} ${row.to}`).map(addPairs),
    workers: parts.flatMap((part, at) => part.workers.map((row) => ({ ...row, worker: String(at + 1) }))),
    errors: groupBy(parts.flatMap((part) => part.errors), (row) => `${row.class} ${row.instance}`).map(
      addErrors,
    ),
    connectionSeconds: addBuckets(parts.map((part) => part.connectionSeconds)),
    sizes: addBuckets(parts.map((part) => part.sizes)),
    sendLag: addBuckets(parts.map((part) => part.sendLag)),
    lateSends: sum("lateSends"),
    reconnectAttempts: sum("reconnectAttempts"),
    throttledMs: sum("throttledMs"),
    bufferedBytes: sum("bufferedBytes"),
  };
}

/** A group is never empty. */
type Group<T> = readonly [T, ...T[]];

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): readonly Group<T>[] {
  return [...Map.groupBy(rows, keyOf).values()].flatMap(([first, ...rest]): Group<T>[] =>
    first === undefined ? [] : [[first, ...rest]]
  );
}

function addInstances(rows: Group<InstanceTelemetry>): InstanceTelemetry {
  const buckets = (field: "corrected" | "raw" | "tcp" | "upgrade" | "welcome") =>
    addBuckets(rows.map((row) => row[field]));
  return {
    instance: rows[0].instance,
    corrected: buckets("corrected"),
    raw: buckets("raw"),
    tcp: buckets("tcp"),
    upgrade: buckets("upgrade"),
    welcome: buckets("welcome"),
    delivered: rows.reduce((sum, row) => sum + row.delivered, 0),
    lostConnections: rows.reduce((sum, row) => sum + row.lostConnections, 0),
  };
}

function addPairs(rows: Group<PairTelemetry>): PairTelemetry {
  const { from, to } = rows[0];
  const buckets = (field: "latency" | "first" | "median" | "last") =>
    addBuckets(rows.map((row) => row[field]));
  const sum = (field: "duplicate" | "reordered" | "late") =>
    rows.reduce((total, row) => total + row[field], 0);
  return {
    from,
    to,
    latency: buckets("latency"),
    first: buckets("first"),
    median: buckets("median"),
    last: buckets("last"),
    duplicate: sum("duplicate"),
    reordered: sum("reordered"),
    late: sum("late"),
  };
}

function addErrors(rows: Group<ErrorRow>): ErrorRow {
  return { ...rows[0], count: rows.reduce((sum, row) => sum + row.count, 0) };
}

/** Reads the live numbers of one process from those that keep them. */
import { BucketCounts } from "../truth/bucket_counts.ts";
import type { ErrorTally } from "../truth/error_classes.ts";
import type { Accounts } from "./accounts.ts";
import type { ConnectionPool } from "./connection_pool.ts";
import type { Deliveries } from "./deliveries.ts";
import type { GeneratorWatch } from "./generator.ts";
import type { Governor } from "./governor.ts";
import type { InstanceTelemetry, Telemetry } from "./telemetry.ts";

/** Who keeps the numbers of a process. */
export interface TelemetrySources {
  readonly accounts: Accounts;
  readonly instances: readonly string[];
  readonly pool: ConnectionPool;
  /** In publishing patterns. */
  readonly deliveries: Deliveries | undefined;
  /** Once all are connected. */
  readonly generator: GeneratorWatch | undefined;
  readonly governor: Governor;
  readonly errors: ErrorTally;
  readonly sizes: BucketCounts;
}

const none = new BucketCounts().toData();

/** The numbers now. */
export function readTelemetry(sources: TelemetrySources): Telemetry {
  const { pool, governor, deliveries, errors, sizes } = sources;
  const generator = sources.generator?.state();
  return {
    instances: sources.instances.map((instance, at) => instanceOf(sources, instance, at)),
    pairs: deliveries?.telemetry() ?? [],
    workers: generator === undefined ? [] : [{
      worker: "1",
      cpuCores: generator.cpuCores,
      lagSeconds: generator.lagSeconds,
      rssBytes: generator.rssBytes,
    }],
    errors: errors.rows(),
    connectionSeconds: pool.lifetimes.toData(),
    sizes: sizes.toData(),
    sendLag: generator?.sendLag ?? none,
    lateSends: generator?.lateSends ?? 0,
    reconnectAttempts: pool.reconnectAttempts,
    throttledMs: governor.pausedMs,
    bufferedBytes: pool.waitingBytes,
  };
}

function instanceOf({ accounts, pool }: TelemetrySources, instance: string, at: number): InstanceTelemetry {
  const { latency, delivered, lostConnections } = accounts.of(at);
  const phases = pool.ramp.buckets[at];
  return {
    instance,
    corrected: latency.buckets.corrected.toData(),
    raw: latency.buckets.raw.toData(),
    tcp: phases?.tcp.toData() ?? none,
    upgrade: phases?.upgrade.toData() ?? none,
    welcome: phases?.ready.toData() ?? none,
    delivered,
    lostConnections,
  };
}

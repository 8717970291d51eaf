import type { InstanceProgress } from "./engine.ts";

type Count = Exclude<keyof InstanceProgress, "instance" | "p50Us" | "p99Us">;

/** The counts of all `rows` together, called `instance`; without percentiles, since those cannot be added. Pure. */
export function totalProgress(instance: string, rows: readonly InstanceProgress[]): InstanceProgress {
  const sum = (field: Count) => rows.reduce((total, row) => total + row[field], 0);
  return {
    instance,
    connections: sum("connections"),
    sent: sum("sent"),
    received: sum("received"),
    bytesSent: sum("bytesSent"),
    bytesReceived: sum("bytesReceived"),
    errors: sum("errors"),
    reconnects: sum("reconnects"),
    p50Us: undefined,
    p99Us: undefined,
  };
}

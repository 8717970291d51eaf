import type { Reading } from "./reading.ts";

/** One metric: how it is called, what it means, and how it is read from a source `S`. */
export interface MetricRow<S> {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** The one label, for metrics that have one; its values are bounded. */
  readonly label?: string;
  readonly read: (source: S) => Reading;
}

/** A row of a table of metrics. */
export type MetricWords = readonly [name: string, help: string];

/** A value that goes up and down. */
export function gauge<S>(
  [name, help]: MetricWords,
  read: MetricRow<S>["read"],
  label?: string,
): MetricRow<S> {
  return { name, type: "gauge", help, read, ...labelled(label) };
}

/** A value that only grows. */
export function counter<S>(
  [name, help]: MetricWords,
  read: MetricRow<S>["read"],
  label?: string,
): MetricRow<S> {
  return { name, type: "counter", help, read, ...labelled(label) };
}

/** Values counted by size. */
export function histogram<S>(
  [name, help]: MetricWords,
  read: MetricRow<S>["read"],
  label?: string,
): MetricRow<S> {
  return { name, type: "histogram", help, read, ...labelled(label) };
}

function labelled(label: string | undefined) {
  return label === undefined ? {} : { label };
}

/** Reads rows of a part from a whole that contains it. */
export function within<S, P>(part: (source: S) => P, rows: readonly MetricRow<P>[]): readonly MetricRow<S>[] {
  return rows.map((row) => ({ ...row, read: (source) => row.read(part(source)) }));
}

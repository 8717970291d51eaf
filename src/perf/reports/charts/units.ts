/** How values of charts read, and where their axes end. */
import { scaleLinear } from "d3-scale";
import type { Axis } from "./panel.ts";

/** A latency on an axis, from microseconds: `250 µs`, `1 ms`, `2.5 s`. */
export function latencyTick(us: number): string {
  if (us >= 1_000_000) return `${trim(us / 1_000_000)} s`;
  if (us >= 1_000) return `${trim(us / 1_000)} ms`;
  return `${trim(us)} µs`;
}

/** A count on an axis: `0`, `950`, `2.5k`, `1.2M`. */
export function countTick(count: number): string {
  if (Math.abs(count) >= 1_000_000) return `${trim(count / 1_000_000)}M`;
  if (Math.abs(count) >= 10_000) return `${trim(count / 1_000)}k`;
  return trim(count).replace(/\B(?=(\d{3})+$)/, ",");
}

/** Seconds on an axis. */
export function secondsTick(seconds: number): string {
  return `${trim(seconds)} s`;
}

/** Bytes on an axis: `64 MB`. */
export function bytesTick(bytes: number): string {
  return bytes >= 1_073_741_824 ? `${trim(bytes / 1_073_741_824)} GB` : `${trim(bytes / 1_048_576)} MB`;
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** An axis of times in seconds over `values`. */
export function timeAxis(title: string, values: readonly number[]): Axis {
  const last = Math.max(1, ...values);
  return { title, from: Math.min(0, ...values), to: last, format: secondsTick };
}

/** An axis from 0 to a round number above all `values`. */
export function amountAxis(
  title: string,
  values: readonly number[],
  format: (value: number) => string,
): Axis {
  const [, to = 1] = scaleLinear().domain([0, Math.max(1, ...values) * 1.05]).nice(6).domain();
  return { title, from: 0, to, format };
}

/** A logarithmic axis of latencies around all `values`, microseconds. */
export function latencyAxis(title: string, values: readonly number[]): Axis {
  const above = values.filter((value) => value > 0);
  const [low, high] = above.length === 0 ? [100, 10_000] : [Math.min(...above), Math.max(...above)];
  return {
    title,
    from: roundDown(low * 0.9),
    to: Math.max(roundUp(high * 1.1), low * 4),
    format: latencyTick,
    isLog: true,
  };
}

function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([5, 2, 1].find((step) => value >= step * power) ?? 1);
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((step) => value <= step * power) ?? 10);
}

/** The seconds of one run as blocks to draw from: neighbours within a second depend on each other, seconds hardly do. */
import type { SecondRow } from "../engine/load_result.ts";
import { mergeHistograms } from "../truth/histogram.ts";

/** All seconds of a run, over its instances, in a shape that can be added up ten thousand times. */
export interface SecondBlocks {
  readonly seconds: number;
  /** Messages received in each second. */
  readonly received: readonly number[];
  /** Latencies that occur, microseconds, ascending. */
  readonly valuesUs: Float64Array;
  /** How often each value occurs: one row per second. */
  readonly counts: readonly Float64Array[];
}

/** Reads the full seconds out of a result's rows; the last, broken second is left out. */
export function readSecondBlocks(rows: readonly SecondRow[], sendMs: number): SecondBlocks {
  const seconds = Math.floor(sendMs / 1_000);
  const histograms = Array.from({ length: seconds }, (_, second) => {
    const same = rows.filter((row) => row.second === second);
    return {
      received: same.reduce((sum, row) => sum + row.received, 0),
      found: valuesOf(same.map((row) => row.latency)),
    };
  });
  const values = [...new Set(histograms.flatMap(({ found }) => [...found.keys()]))].sort((a, b) => a - b);
  return {
    seconds,
    received: histograms.map(({ received }) => received),
    valuesUs: Float64Array.from(values),
    counts: histograms.map(({ found }) => Float64Array.from(values, (value) => found.get(value) ?? 0)),
  };
}

/** Points that stand for the latencies of a second: p99 over a run is then right to a thousandth of the messages. */
const POINTS = 1_000;

function valuesOf(latency: readonly string[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const histogram = mergeHistograms(latency);
  const points = Math.min(histogram.totalCount, POINTS);
  for (let at = 0; at < points; at++) {
    const value = histogram.getValueAtPercentile(100 * (at + 0.5) / points);
    found.set(value, (found.get(value) ?? 0) + histogram.totalCount / points);
  }
  return found;
}

/** How often each second was drawn. */
export type Draw = Uint32Array;

/** Each second once. */
export function everySecond(blocks: SecondBlocks): Draw {
  return new Uint32Array(blocks.seconds).fill(1);
}

/** As many seconds as there are, with replacement. */
export function drawSeconds(blocks: SecondBlocks, random: () => number): Draw {
  const draw = new Uint32Array(blocks.seconds);
  for (let i = 0; i < blocks.seconds; i++) {
    const second = Math.floor(random() * blocks.seconds);
    draw[second] = (draw[second] ?? 0) + 1;
  }
  return draw;
}

/** Messages per second over the drawn seconds. */
export function throughputOf(blocks: SecondBlocks, draw: Draw): number {
  return blocks.received.reduce((sum, received, at) => sum + received * (draw[at] ?? 0), 0) / blocks.seconds;
}

/** The latency below which `share` of the drawn messages lie, microseconds. NaN without a message. */
export function percentileOf(blocks: SecondBlocks, draw: Draw, share: number): number {
  const total = blocks.received.reduce((sum, received, at) => sum + received * (draw[at] ?? 0), 0);
  let seen = 0;
  for (const [at, value] of blocks.valuesUs.entries()) {
    for (let second = 0; second < blocks.seconds; second++) {
      const times = draw[second] ?? 0;
      if (times > 0) seen += times * (blocks.counts[second]?.[at] ?? 0);
    }
    if (seen >= total * share) return value;
  }
  return Number.NaN;
}

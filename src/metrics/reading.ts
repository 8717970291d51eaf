/** What a metric reads as. All are values of one moment; nothing here is changed after it was made. */
import type { BucketReading } from "../core/buckets.ts";

/** A value by label, for metrics that have one. */
export type Labelled = ReadonlyMap<number | string, number>;

/** A histogram by label. */
export type LabelledHistograms = ReadonlyMap<number | string, BucketReading>;

/** What a metric reads as; undefined where it does not apply: then the page has no sample of it. */
export type Reading = number | Labelled | BucketReading | LabelledHistograms | undefined;

/** Tells a histogram from the other readings. */
export function isHistogram(reading: Exclude<Reading, undefined>): reading is BucketReading {
  return typeof reading === "object" && "bounds" in reading;
}

/** What a metric reads as. All are values of one moment; nothing here is changed after it was made. */

/** A value by label, for metrics that have one. */
export type Labelled = ReadonlyMap<number | string, number>;

/** A histogram of one moment. */
export interface HistogramReading {
  /** Upper bounds of the buckets, ascending, without the last one, which is infinite. */
  readonly bounds: readonly number[];
  /** How many values fell into each bucket (not cumulated), the infinite one last. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A histogram by label. */
export type LabelledHistograms = ReadonlyMap<number | string, HistogramReading>;

/** What a metric reads as; undefined where it does not apply: then the page has no sample of it. */
export type Reading = number | Labelled | HistogramReading | LabelledHistograms | undefined;

/** Tells a histogram from the other readings. */
export function isHistogram(reading: Exclude<Reading, undefined>): reading is HistogramReading {
  return typeof reading === "object" && "bounds" in reading;
}

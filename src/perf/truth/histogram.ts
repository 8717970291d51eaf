/**
 * Latency histograms. hdr-histogram-js enters here: exact to three digits over the whole range, mergeable without
 * loss, and its base64 form can be merged and asked again years later.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram as HdrHistogram,
} from "hdr-histogram-js";

/** A histogram of microseconds. */
export type Histogram = HdrHistogram;

/** A histogram as text: compressed HDR V2, base64. */
export type HistogramText = string;

/** The largest value that is kept, 10 minutes; larger ones count as this. */
const MAX_US = 600_000_000;

/** The share of values at or below a percentile has to leave this many above it, else it is not shown. */
const MIN_SAMPLES_ABOVE = 10;

/** An empty histogram: 1 us to 10 minutes, three significant digits unless said otherwise. */
export function newHistogram(digits: 2 | 3 = 3): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_US,
    numberOfSignificantValueDigits: digits,
    useWebAssembly: false,
  });
}

/** Records a span of `ms` milliseconds. Negative spans count as zero. */
export function recordMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(MAX_US, Math.max(0, Math.round(ms * 1_000))));
}

/** The value in microseconds at `percentile` (0-100), or undefined when too few samples lie above it. */
export function percentileUs(histogram: Histogram, percentile: number): number | undefined {
  const partsAbove = Math.round((100 - percentile) * 10_000);
  if (histogram.totalCount * partsAbove < MIN_SAMPLES_ABOVE * 1_000_000) return undefined;
  return histogram.getValueAtPercentile(percentile);
}

/** The histogram as text. */
export function encodeHistogram(histogram: Histogram): HistogramText {
  return encodeIntoCompressedBase64(histogram);
}

/** All texts added up into one histogram: the same as if one histogram had seen every value. */
export function mergeHistograms(texts: readonly HistogramText[]): Histogram {
  const sum = newHistogram();
  for (const text of texts) sum.add(decodeFromCompressedBase64(text, 32, false));
  return sum;
}

/** What people read of a histogram, in microseconds to three digits; undefined where there are too few samples. */
export interface LatencySummary {
  readonly count: number;
  readonly minUs: number | undefined;
  readonly meanUs: number | undefined;
  readonly p50Us: number | undefined;
  readonly p90Us: number | undefined;
  readonly p95Us: number | undefined;
  readonly p99Us: number | undefined;
  readonly p999Us: number | undefined;
  readonly maxUs: number | undefined;
}

/** Reads a histogram. */
export function summarize(histogram: Histogram): LatencySummary {
  const hasAny = histogram.totalCount > 0;
  return {
    count: histogram.totalCount,
    minUs: hasAny ? histogram.getValueAtPercentile(0) : undefined,
    meanUs: hasAny ? histogram.mean : undefined,
    p50Us: percentileUs(histogram, 50),
    p90Us: percentileUs(histogram, 90),
    p95Us: percentileUs(histogram, 95),
    p99Us: percentileUs(histogram, 99),
    p999Us: percentileUs(histogram, 99.9),
    maxUs: hasAny ? histogram.maxValue : undefined,
  };
}

/** Sizes of payloads: one size, a range, an exponential distribution, or sizes by weight. */
import { UsageError } from "../usage_error.ts";

/** How large payloads are, in bytes. */
export type PayloadSpec =
  | { readonly kind: "fixed"; readonly bytes: number }
  /** Every size from `min` to `max` is as likely. */
  | { readonly kind: "uniform"; readonly min: number; readonly max: number }
  | { readonly kind: "exponential"; readonly mean: number }
  | {
    readonly kind: "weights";
    readonly sizes: readonly { readonly bytes: number; readonly weight: number }[];
  };

/** The largest payload that is sent, bytes. */
export const MAX_PAYLOAD_BYTES = 1_048_576;

/** An exponential distribution ends at this multiple of its mean. */
const EXPONENTIAL_END = 8;
const EXPECTED = "write it like 64, 64..1024, exp:256 or 64x9,4096x1";

/** Reads `64`, `64..1024`, `exp:256` or `64x9,4096x1` (bytes x weight). Throws {@linkcode UsageError}. */
export function parsePayload(text: string): PayloadSpec {
  const spec = readSpec(text);
  if (spec === undefined) throw new UsageError(`Cannot read payload "${text}": ${EXPECTED}`);
  if (largestOf(spec) > MAX_PAYLOAD_BYTES) {
    throw new UsageError(`Cannot send payload "${text}": at most ${MAX_PAYLOAD_BYTES} bytes`);
  }
  return spec;
}

function readSpec(text: string): PayloadSpec | undefined {
  if (/^\d+$/.test(text)) return { kind: "fixed", bytes: Number(text) };
  const [, min, max] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (min !== undefined && Number(min) <= Number(max)) {
    return { kind: "uniform", min: Number(min), max: Number(max) };
  }
  const [, mean] = /^exp:(\d+)$/.exec(text) ?? [];
  if (mean !== undefined) return { kind: "exponential", mean: Number(mean) };
  if (!/^\d+x\d+(,\d+x\d+)*$/.test(text)) return undefined;
  const sizes = text.split(",").map((pair) => {
    const [bytes, weight] = pair.split("x").map(Number);
    return { bytes: bytes ?? 0, weight: weight ?? 0 };
  });
  return sizes.some((size) => size.weight > 0) ? { kind: "weights", sizes } : undefined;
}

/** The largest size that `spec` can give, bytes. */
export function largestOf(spec: PayloadSpec): number {
  switch (spec.kind) {
    case "fixed":
      return spec.bytes;
    case "uniform":
      return spec.max;
    case "exponential":
      return spec.mean * EXPONENTIAL_END;
    case "weights":
      return Math.max(...spec.sizes.map((size) => size.bytes));
  }
}

/** The size at `share` (0 to 1) of the distribution: its quantile, bytes. */
export function sizeAt(spec: PayloadSpec, share: number): number {
  switch (spec.kind) {
    case "fixed":
      return spec.bytes;
    case "uniform":
      return Math.round(spec.min + share * (spec.max - spec.min));
    case "exponential":
      return Math.round(spec.mean * Math.min(EXPONENTIAL_END, -Math.log(1 - share)));
    case "weights":
      return weighted(spec.sizes, share);
  }
}

function weighted(
  sizes: readonly { readonly bytes: number; readonly weight: number }[],
  share: number,
): number {
  const total = sizes.reduce((sum, size) => sum + size.weight, 0);
  let sum = 0;
  for (const size of sizes) {
    sum += size.weight;
    if (share * total < sum) return size.bytes;
  }
  return sizes.at(-1)?.bytes ?? 0;
}

/** The spec as it is written on a command line. */
export function formatPayload(spec: PayloadSpec): string {
  switch (spec.kind) {
    case "fixed":
      return String(spec.bytes);
    case "uniform":
      return `${spec.min}..${spec.max}`;
    case "exponential":
      return `exp:${spec.mean}`;
    case "weights":
      return spec.sizes.map((size) => `${size.bytes}x${size.weight}`).join(",");
  }
}

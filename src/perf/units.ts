/** Durations, rates and counts as people write and read them. */
import { UsageError } from "./usage_error.ts";

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const COUNT_UNIT: Readonly<Record<string, number>> = { "": 1, k: 1_000, K: 1_000, M: 1_000_000 };

/** Reads `20s`, `500ms`, `2m`, `1h` or seconds without a unit; answers milliseconds. Throws {@linkcode UsageError}. */
export function parseDurationMs(text: string): number {
  const [, digits = "", unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(digits) * (MS_PER_UNIT[unit] ?? 1_000);
  if (digits === "") throw new UsageError(`Cannot read duration "${text}": write it like 20s, 500ms or 2m`);
  return ms;
}

/** Reads a whole number, `10k` or `1M`, of at least `min`. Throws {@linkcode UsageError}. */
export function parseCount(text: string, min = 1): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)([kKM]?)$/.exec(text) ?? [];
  const count = Number(digits) * (COUNT_UNIT[unit] ?? 1);
  if (digits === "" || !Number.isInteger(count) || count < min) {
    throw new UsageError(
      `Cannot read count "${text}": write a whole number of at least ${min}, like 500 or 10k`,
    );
  }
  return count;
}

/** Reads `1000`, `1k/s` or `90/m`; answers events per second. Throws {@linkcode UsageError}. */
export function parsePerSec(text: string): number {
  const [, digits = "", unit = "", per = "s"] = /^(\d+(?:\.\d+)?)([kKM]?)(?:\/(s|m))?$/.exec(text) ?? [];
  const perSec = Number(digits) * (COUNT_UNIT[unit] ?? 1) / (per === "m" ? 60 : 1);
  if (digits === "" || perSec <= 0) {
    throw new UsageError(`Cannot read rate "${text}": write it like 1000/s, 2.5k/s or 90/m`);
  }
  return perSec;
}

/** A latency for people, from microseconds: `0.9ms`, `12.4ms`, `1.25s`; `n/a` for undefined. */
export function formatUs(us: number | undefined): string {
  if (us === undefined) return "n/a";
  if (us >= 1_000_000) return `${(us / 1_000_000).toFixed(2)}s`;
  return `${(us / 1_000).toFixed(us < 1_000 ? 2 : 1)}ms`;
}

/** A duration for people, from milliseconds: `10.0 s`. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** A count with thousands separated: `10,000`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A rate for people: one decimal below 10,000, none above. */
export function formatRate(perSec: number): string {
  return perSec < 10_000 ? perSec.toFixed(1) : formatCount(perSec);
}

/** A share as percent that never rounds up to 100: 99.996 % is `99.99%`. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "n/a";
  return `${(Math.floor(part / whole * 10_000) / 100).toFixed(2)}%`;
}

/** Reads `5%`, `5%/s` or `0.05`; answers a share from 0 to 1. Throws {@linkcode UsageError}. */
export function parseShare(text: string): number {
  const [, digits = "", percent] = /^(\d+(?:\.\d+)?)(%)?(?:\/s)?$/.exec(text) ?? [];
  const share = percent === undefined ? Number(digits) : Number(digits) / 100;
  if (digits === "" || share > 1) {
    throw new UsageError(`Cannot read share "${text}": write it like 5% or 0.05, at most 100%`);
  }
  return share;
}

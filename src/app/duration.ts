/** Reads `90s`, `30m`, `1h` or `7d` as seconds; undefined when the text is none, or is 0. */
export function parseDurationS(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const durationS = Number(digits) * (SECONDS_PER_UNIT[unit ?? ""] ?? Number.NaN);
  return durationS > 0 ? durationS : undefined;
}

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

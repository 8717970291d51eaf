import type { Verdict } from "../truth/verdict.ts";

/** Verdict and reasons in capitals, like `PASS` or `INVALID(throttled)`. */
export function badgeText(verdict: Verdict): string {
  const reasons = verdict.findings.map((finding) => finding.name).filter((name) => name !== "slo");
  if (verdict.word === "INVALID") {
    return `INVALID(${[...new Set(reasons)].join(", ")})`;
  }
  return verdict.isSaturated ? `${verdict.word} SATURATED` : verdict.word;
}

/** What stepped into a run, as bands for charts over time: the memory governor, lost instances, drills. */
import type { TrafficResult } from "../../engine/load_result.ts";
import { formatSeconds } from "../../units.ts";
import type { RunReport } from "../run_report.ts";
import { inks } from "./palette.ts";
import type { Band } from "./panel.ts";

/** The bands of `report` on an axis that begins `zeroMs` after the run did; seconds. */
export function runBands(report: RunReport, zeroMs: number): readonly Band[] {
  const { traffic } = report.result;
  if (traffic === undefined) return [];
  return [...throttleBands(traffic), ...outageBands(traffic), ...drillBands(report)].map((band) => ({
    ...band,
    from: (band.from - zeroMs) / 1_000,
    to: (band.to - zeroMs) / 1_000,
  }));
}

function throttleBands(traffic: TrafficResult): readonly Band[] {
  return traffic.throttled.map(({ fromMs, toMs, reason }) => ({
    from: fromMs,
    to: toMs,
    text: `throttled ${formatSeconds(toMs - fromMs)}: ${reason}`,
    colour: inks.throttle,
  }));
}

function outageBands(traffic: TrafficResult): readonly Band[] {
  const endMs = traffic.measuredFromMs + traffic.receiveMs;
  return traffic.outages.map(({ instance, firstLostMs, lastBackMs, lost, reconnected }) => ({
    from: firstLostMs,
    to: lastBackMs ?? Math.max(endMs, firstLostMs),
    text: `${instance}: ${lost} lost, ${reconnected} back`,
    colour: inks.outage,
  }));
}

function drillBands(report: RunReport): readonly Band[] {
  return (report.drills ?? []).map(({ fromMs, toMs, text }) => ({
    from: fromMs,
    to: toMs,
    text,
    colour: inks.mark,
  }));
}

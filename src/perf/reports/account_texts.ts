/** The accounts of a run in sentences, for the end screen and the written reports. Pure. */
import type { ChurnResult } from "../engine/load_result.ts";
import type { CrossDigest, Digest, TrafficDigest, TrafficRow } from "../truth/digest.ts";
import type { LatencySummary } from "../truth/histogram.ts";
import { formatCount, formatRate, formatSeconds, formatShare, formatUs } from "../units.ts";
import type { RunReport } from "./run_report.ts";

/** Connecting, success with its denominator, the delivery ledger and the generator, as name and sentence. */
export function accountsOf(report: RunReport): readonly (readonly [string, string])[] {
  const { digest, result } = report;
  const accounts: (readonly [string, string])[] = [];
  if (result.traffic !== undefined && digest.traffic !== undefined) {
    accounts.push(["CONNECT", connectText(result.traffic.connect, digest.traffic)]);
    accounts.push(...churnAccount(result.traffic.churn));
    accounts.push(["SUCCESS", successText(digest.traffic.total, result.traffic.neverTried)]);
    accounts.push(...spreadAccount(digest.traffic));
  }
  if (digest.cross !== undefined) accounts.push(["LEDGER", ledgerText(digest.cross, report)]);
  const generator = generatorText(digest, report);
  if (generator !== undefined) accounts.push(["GENERATOR", generator]);
  return accounts;
}

/** Connections that were closed on purpose, and came back or did not. */
function churnAccount({ closed, reopened, failed }: ChurnResult): readonly (readonly [string, string])[] {
  if (closed === 0) return [];
  return [[
    "CHURN",
    `closed ${formatCount(closed)} · opened anew ${formatCount(reopened)} · failed ${failed}`,
  ]];
}

/** What averages hide: uneven instances, and the slowest second. */
function spreadAccount(traffic: TrafficDigest): readonly (readonly [string, string])[] {
  const { imbalance, slowestSecond, p1Second, total } = traffic;
  if (slowestSecond === undefined || imbalance === undefined) return [];
  const text = `imbalance ${imbalance.toFixed(2)} · slowest second ${
    formatCount(slowestSecond)
  } messages, p1 ${formatCount(p1Second ?? slowestSecond)}, average ${formatRate(total.receivedPerSec)}`;
  return [["EVENNESS", text]];
}

function connectText(
  connect: { open: number; asked: number; failed: number; retries: number; tookMs: number },
  ws: TrafficDigest,
): string {
  const rate = connect.tookMs <= 0 ? 0 : connect.open * 1_000 / connect.tookMs;
  return `${connect.open}/${connect.asked} ok · failed ${connect.failed} · ${formatRate(rate)}/s · ` +
    `tcp ${tailText(ws.tcp)} · upgrade ${tailText(ws.upgrade)} · ready ${
      tailText(ws.ready)
    } · retries ${connect.retries}`;
}

/** Median and the farthest percentile that there are samples for. */
function tailText(latency: LatencySummary): string {
  const tail = latency.p99Us === undefined
    ? `max ${formatUs(latency.maxUs)}`
    : `p99 ${formatUs(latency.p99Us)}`;
  return latency.p50Us === undefined ? tail : `p50 ${formatUs(latency.p50Us)} ${tail}`;
}

function successText(total: TrafficRow, neverTried: number): string {
  return `${formatShare(total.answered, total.tried)}: ${formatCount(total.answered)} untouched answers of ` +
    `${formatCount(total.tried)} tried · unanswered ${total.unanswered} · duplicate ${total.duplicate}` +
    (neverTried > 0 ? ` · never tried ${formatCount(neverTried)}` : "");
}

function ledgerText(cross: CrossDigest, report: RunReport): string {
  const { ledger } = cross;
  return `published ${formatCount(report.result.cross?.published ?? 0)} · expected ${
    formatCount(ledger.expected)
  } · ` +
    `received ${
      formatCount(ledger.received)
    } · lost ${ledger.lost} · dup ${ledger.duplicate} · reordered ${ledger.reordered} · late ${ledger.late}`;
}

function generatorText(digest: Digest, report: RunReport): string | undefined {
  const health = digest.traffic?.generator ?? digest.cross?.generator;
  if (health === undefined) return undefined;
  const processes = `${health.processes} process${health.processes === 1 ? "" : "es"}`;
  return `${processes} · CPU ${Math.round(health.cpuCores * 100)}% of a core · ` +
    `late sends ${(health.lateShare * 100).toFixed(1)}% (over ${health.lateAfterMs.toFixed(1)} ms) · ` +
    `send lag ${tailText(health.sendLag)} · loop lag ${tailText(health.loopLag)} · ` +
    `pacer ${report.options.pacer}${throttledText(digest)} · ${
      formatCount(health.sends / Math.max(health.cpuSeconds, 1e-9))
    } messages per core-second`;
}

function throttledText(digest: Digest): string {
  const ms = digest.traffic?.throttledMs ?? 0;
  return ms === 0 ? "" : ` · throttled ${formatSeconds(ms)}`;
}

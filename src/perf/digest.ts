/** A result made readable: histograms merged and summed up, once, for verdict, screen and reports. */
import type { CrossCell, HttpResult, LoadResult, WsInstanceResult, WsResult } from "./engine.ts";
import type { GeneratorHealth } from "./generator.ts";
import { type LatencySummary, mergeHistograms, summarize } from "./histogram.ts";
import { addLedgers, type LedgerCounts } from "./ledger.ts";
import type { RecorderData } from "./recorder.ts";

/** At this share of a core a closed loop measures the generator. */
export const BUSY_CORES = 0.9;

/** One instance's HTTP numbers. */
export interface HttpDigest {
  readonly instance: string;
  readonly requests: number;
  readonly succeeded: number;
  /** Successful requests per second. */
  readonly perSec: number;
  readonly latency: LatencySummary;
  readonly generatorCpuCores: number;
  /** The generator's CPU was used up: the server can do at least this much. */
  readonly isGeneratorCeiling: boolean;
}

/** Both views of the same messages. */
export interface TwoViews {
  readonly corrected: LatencySummary;
  readonly raw: LatencySummary;
  /** Unanswered messages in `corrected`. */
  readonly censored: number;
}

/** One instance's echo numbers. */
export interface WsRow extends Omit<WsInstanceResult, "latency" | "instance"> {
  readonly instance: string;
  readonly sentPerSec: number;
  readonly receivedPerSec: number;
  /** Messages that were tried and brought no untouched answer. */
  readonly failed: number;
  readonly latency: TwoViews;
}

/** Echo numbers. */
export interface WsDigest {
  readonly rows: readonly WsRow[];
  readonly total: WsRow;
  readonly offeredPerSec: number;
  readonly achievedPerSec: number;
  readonly firstThirdP50Us: number | undefined;
  readonly lastThirdP50Us: number | undefined;
  readonly upgrade: LatencySummary;
  readonly welcome: LatencySummary;
  readonly generator: GeneratorDigest;
}

/** One pair of instances. */
export interface CrossRow {
  readonly from: string;
  readonly to: string;
  readonly ledger: LedgerCounts;
  readonly latency: TwoViews;
}

/** Cross-instance numbers. */
export interface CrossDigest {
  readonly rows: readonly CrossRow[];
  /** Publisher and subscriber on the same instance. */
  readonly local: TwoViews;
  readonly remote: TwoViews;
  readonly ledger: LedgerCounts;
  readonly generator: GeneratorDigest;
}

/** The generator's health, readable. */
export interface GeneratorDigest {
  readonly processes: number;
  readonly cpuCores: number;
  /** Share of sends released too late, 0 to 1. */
  readonly lateShare: number;
  readonly lateAfterMs: number;
  readonly sendLag: LatencySummary;
  readonly loopLag: LatencySummary;
}

/** A result in readable numbers. */
export interface Digest {
  readonly http: readonly HttpDigest[];
  readonly ws: WsDigest | undefined;
  readonly cross: CrossDigest | undefined;
}

/** Reads a result. */
export function digest(result: LoadResult): Digest {
  const { http, ws, cross } = result;
  return {
    http: http.map(digestHttp),
    ws: ws === undefined ? undefined : digestWs(ws),
    cross: cross === undefined ? undefined : {
      ...digestCells(cross.cells),
      generator: digestGenerator(cross.generator),
    },
  };
}

function digestHttp(result: HttpResult): HttpDigest {
  return {
    instance: result.instance,
    requests: result.requests,
    succeeded: result.succeeded,
    perSec: perSec(result.succeeded, result.elapsedMs),
    latency: summarize(mergeHistograms([result.latency])),
    generatorCpuCores: result.generatorCpuCores,
    isGeneratorCeiling: result.generatorCpuCores >= BUSY_CORES,
  };
}

function digestWs(ws: WsResult): WsDigest {
  const rows = ws.instances.map((instance) => wsRow(ws, instance.instance, [instance]));
  return {
    rows,
    total: wsRow(ws, "TOTAL", ws.instances),
    offeredPerSec: ws.offeredPerSec,
    achievedPerSec: ws.achievedPerSec,
    firstThirdP50Us: summarize(mergeHistograms([ws.firstThird])).p50Us,
    lastThirdP50Us: summarize(mergeHistograms([ws.lastThird])).p50Us,
    upgrade: summarize(mergeHistograms([ws.connect.upgrade])),
    welcome: summarize(mergeHistograms([ws.connect.welcome])),
    generator: digestGenerator(ws.generator),
  };
}

function wsRow(ws: WsResult, name: string, instances: readonly WsInstanceResult[]): WsRow {
  const sumOf = (field: Exclude<keyof WsInstanceResult, "instance" | "latency">) =>
    instances.reduce((sum, instance) => sum + instance[field], 0);
  const [tried, sent, answered] = [sumOf("tried"), sumOf("sent"), sumOf("answered")];
  return {
    instance: name,
    connections: sumOf("connections"),
    tried,
    sent,
    answered,
    duplicate: sumOf("duplicate"),
    unanswered: sumOf("unanswered"),
    failed: tried - answered,
    sentPerSec: perSec(sent, ws.sendMs),
    receivedPerSec: perSec(answered, ws.receiveMs),
    latency: twoViews(instances.map((instance) => instance.latency)),
  };
}

function digestCells(cells: readonly CrossCell[]): Omit<CrossDigest, "generator"> {
  const isLocal = (cell: CrossCell) => cell.from === cell.to;
  const latencyOf = (some: readonly CrossCell[]) => twoViews(some.map((cell) => cell.latency));
  return {
    rows: cells.map((cell) => ({
      from: cell.from,
      to: cell.to,
      ledger: cell.ledger,
      latency: latencyOf([cell]),
    })),
    local: latencyOf(cells.filter(isLocal)),
    remote: latencyOf(cells.filter((cell) => !isLocal(cell))),
    ledger: addLedgers(cells.map((cell) => cell.ledger)),
  };
}

function digestGenerator(health: GeneratorHealth): GeneratorDigest {
  return {
    processes: health.processes,
    cpuCores: health.cpuCores,
    lateShare: health.sends === 0 ? 0 : health.lateSends / health.sends,
    lateAfterMs: health.lateAfterMs,
    sendLag: summarize(mergeHistograms([health.sendLag])),
    loopLag: summarize(mergeHistograms([health.loopLag])),
  };
}

/** Merges recorders of several instances or processes. Percentiles are read after merging, never averaged. */
export function twoViews(data: readonly RecorderData[]): TwoViews {
  return {
    corrected: summarize(mergeHistograms(data.map((part) => part.corrected))),
    raw: summarize(mergeHistograms(data.map((part) => part.raw))),
    censored: data.reduce((sum, part) => sum + part.censored, 0),
  };
}

function perSec(count: number, ms: number): number {
  return ms <= 0 ? 0 : count * 1_000 / ms;
}

/** A result made readable: histograms merged and summed up, once, for verdict, screen and reports. */
import type {
  CrossCell,
  HttpResult,
  LoadResult,
  TrafficInstance,
  TrafficResult,
} from "../engine/load_result.ts";
import type { GeneratorHealth } from "../engine/generator.ts";
import { type HistogramText, type LatencySummary, mergeHistograms, summarize } from "./histogram.ts";
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

/** One instance's numbers of the scenario. */
export interface TrafficRow extends Omit<TrafficInstance, "latency"> {
  readonly sentPerSec: number;
  /** Answers in request patterns, deliveries in publishing ones. */
  readonly receivedPerSec: number;
  /** Messages that were tried and did not bring what they should. */
  readonly failed: number;
  readonly latency: TwoViews;
}

/** The scenario's numbers. */
export interface TrafficDigest {
  /** A closed loop's latency is not comparable across rates. */
  readonly model: "open" | "closed";
  readonly rows: readonly TrafficRow[];
  readonly total: TrafficRow;
  readonly offeredPerSec: number;
  readonly achievedPerSec: number;
  /** Largest by smallest number of connections of an instance; 1 is even. Undefined with no connection. */
  readonly imbalance: number | undefined;
  readonly firstThirdP50Us: number | undefined;
  readonly lastThirdP50Us: number | undefined;
  readonly tcp: LatencySummary;
  readonly upgrade: LatencySummary;
  readonly ready: LatencySummary;
  readonly firstMessage: LatencySummary;
  /** Deliveries between instances, in publishing patterns. */
  readonly cells: Omit<CrossDigest, "generator"> | undefined;
  readonly fanOut: FanOutDigest | undefined;
  /** The slowest full second, and the first percentile of them: what an average over the run hides. */
  readonly slowestSecond: number | undefined;
  readonly p1Second: number | undefined;
  readonly throttledMs: number;
  readonly generator: GeneratorDigest;
  /** One per worker process. */
  readonly generators: readonly GeneratorDigest[];
}

/** Latency of one publication to its first, median and last subscriber. */
export interface FanOutDigest {
  readonly first: LatencySummary;
  readonly median: LatencySummary;
  readonly last: LatencySummary;
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

/** The generator's health, readable; of several workers the worst, since one slow worker spoils its share. */
export interface GeneratorDigest {
  readonly processes: number;
  /** Of the busiest process. */
  readonly cpuCores: number;
  /** CPU time of all processes, and messages they released: together the cost of a message. */
  readonly cpuSeconds: number;
  readonly sends: number;
  /** Share of sends released too late, 0 to 1. */
  readonly lateShare: number;
  readonly lateAfterMs: number;
  readonly sendLag: LatencySummary;
  readonly loopLag: LatencySummary;
  readonly maxRssBytes: number;
}

/** A result in readable numbers. */
export interface Digest {
  readonly http: readonly HttpDigest[];
  readonly traffic: TrafficDigest | undefined;
  readonly cross: CrossDigest | undefined;
}

/** Reads a result. */
export function digest(result: LoadResult): Digest {
  const { http, traffic, cross } = result;
  return {
    http: http.map(digestHttp),
    traffic: traffic === undefined ? undefined : digestTraffic(traffic),
    cross: cross === undefined ? undefined : {
      ...digestCells(cross.cells),
      generator: digestGenerators([cross.generator]),
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

function digestTraffic(traffic: TrafficResult): TrafficDigest {
  const { instances, connect, fanOut, cells } = traffic;
  const rows = instances.map((instance) => trafficRow(traffic, instance.instance, [instance]));
  const counts = instances.map((instance) => instance.connections);
  const perSecond = fullSeconds(traffic);
  return {
    model: traffic.model,
    rows,
    total: trafficRow(traffic, "TOTAL", instances),
    offeredPerSec: traffic.offeredPerSec,
    achievedPerSec: traffic.achievedPerSec,
    imbalance: counts.some((count) => count > 0) ? Math.max(...counts) / Math.min(...counts) : undefined,
    firstThirdP50Us: read(traffic.firstThird).p50Us,
    lastThirdP50Us: read(traffic.lastThird).p50Us,
    tcp: read(connect.tcp),
    upgrade: read(connect.upgrade),
    ready: read(connect.ready),
    firstMessage: read(connect.firstMessage),
    cells: cells.length === 0 ? undefined : digestCells(cells),
    fanOut: fanOut && { first: read(fanOut.first), median: read(fanOut.median), last: read(fanOut.last) },
    slowestSecond: perSecond[0],
    p1Second: perSecond[Math.floor(perSecond.length / 100)],
    throttledMs: traffic.throttled.reduce((sum, row) => sum + row.toMs - row.fromMs, 0),
    generator: digestGenerators(traffic.generators),
    generators: traffic.generators.map((health) => digestGenerators([health])),
  };
}

function read(text: HistogramText): LatencySummary {
  return summarize(mergeHistograms([text]));
}

/** Messages received in each full second of the measured phase, ascending. */
function fullSeconds(traffic: TrafficResult): readonly number[] {
  const sums = new Array<number>(Math.floor(traffic.sendMs / 1_000)).fill(0);
  for (const row of traffic.seconds) {
    const sum = sums[row.second];
    if (sum !== undefined) sums[row.second] = sum + row.received;
  }
  return sums.sort((a, b) => a - b);
}

function trafficRow(traffic: TrafficResult, name: string, instances: readonly TrafficInstance[]): TrafficRow {
  const sumOf = (field: Exclude<keyof TrafficInstance, "instance" | "latency">) =>
    instances.reduce((sum, instance) => sum + instance[field], 0);
  const [tried, sent, answered, delivered] = [
    sumOf("tried"),
    sumOf("sent"),
    sumOf("answered"),
    sumOf("delivered"),
  ];
  return {
    instance: name,
    connections: sumOf("connections"),
    lostConnections: sumOf("lostConnections"),
    tried,
    sent,
    answered,
    duplicate: sumOf("duplicate"),
    unanswered: sumOf("unanswered"),
    delivered,
    bytesSent: sumOf("bytesSent"),
    bytesReceived: sumOf("bytesReceived"),
    failed: tried - answered,
    sentPerSec: perSec(sent, traffic.sendMs),
    receivedPerSec: perSec(traffic.cells.length === 0 ? answered : delivered, traffic.receiveMs),
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

function digestGenerators(healths: readonly GeneratorHealth[]): GeneratorDigest {
  const sum = (field: "processes" | "sends" | "lateSends" | "cpuSeconds") =>
    healths.reduce((total, health) => total + health[field], 0);
  const worst = (field: "cpuCores" | "lateAfterMs") => Math.max(0, ...healths.map((health) => health[field]));
  return {
    processes: sum("processes"),
    cpuCores: worst("cpuCores"),
    sends: sum("sends"),
    cpuSeconds: sum("cpuSeconds"),
    lateShare: Math.max(
      0,
      ...healths.map((health) => health.sends === 0 ? 0 : health.lateSends / health.sends),
    ),
    lateAfterMs: worst("lateAfterMs"),
    sendLag: summarize(mergeHistograms(healths.map((health) => health.sendLag))),
    loopLag: summarize(mergeHistograms(healths.map((health) => health.loopLag))),
    maxRssBytes: Math.max(0, ...healths.map((health) => health.maxRssBytes)),
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

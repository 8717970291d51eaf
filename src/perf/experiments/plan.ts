/** `perf plan`: from a measured run to nodes, shards, memory and network, with what it assumes. Pure. */
import type { RunReport } from "../reports/run_report.ts";
import { bootstrap, type Interval } from "./bootstrap.ts";
import { quantile } from "./quantile.ts";
import { type ModelNumbers, simulate } from "./simulation.ts";

/** What the cluster is to carry. */
export interface PlanDemand {
  readonly connections: number;
  /** Publications (or requests) into the cluster per second. */
  readonly perSec: number;
  readonly channels: number;
  readonly zipf: number;
  readonly subscriptions: number;
  readonly churnPerSec: number;
  readonly payloadBytes: number;
}

/** What a node and a Redis shard may be asked for. */
export interface PlanLimits {
  /** Share of a core that a node may use, 0 to 1: the rest is for bursts and for a dead neighbour's clients. */
  readonly cpuShare: number;
  /** Memory of one node for connections. */
  readonly nodeBytes: number;
  /** Publications in, and out to nodes, that one Redis shard carries per second. */
  readonly shardMessagesPerSec: number;
  /** Network out of one Redis shard, bytes per second. */
  readonly shardBytesPerSec: number;
}

/** What one measured run says about cost. */
export interface MeasuredCost {
  /** Microseconds of a node's CPU for each answer or delivery, its idle share left in. */
  readonly cpuUs: Interval;
  readonly bytesPerConnection: Interval;
  /** Whether the memory was measured in that run, or is the documented default. */
  readonly hasMeasuredMemory: boolean;
  /** On the wire to a client, for each answer or delivery. */
  readonly clientBytes: number;
  readonly instances: number;
  readonly pattern: string;
}

/** The answer. */
export interface CapacityPlan {
  readonly nodes: Interval;
  /** What decides the number of nodes. */
  readonly boundBy: "cpu" | "memory";
  readonly nodesForCpu: Interval;
  readonly nodesForMemory: Interval;
  readonly model: ModelNumbers;
  readonly deliveriesPerSec: number;
  readonly redisShards: number;
  readonly redisMessagesPerSec: number;
  readonly redisOutBytesPerSec: number;
  readonly memoryBytes: Interval;
  readonly clientOutBytesPerSec: number;
}

/** Measured with 10,000 idle connections (docs/perf.md); from below to twice it. */
const DEFAULT_CONNECTION_BYTES: Interval = { estimate: 19_500, low: 13_000, high: 40_000 };
/** Resident memory of a node without clients, as it was seen here. */
const EMPTY_NODE_BYTES = 90_000_000;
/** With fewer connections to an instance the memory of the program hides theirs. */
const MIN_CONNECTIONS = 2_000;
/** What comes on top of a payload between Redis and a node: `perf plan --check` saw 64 to 66. */
const ENVELOPE_BYTES = 66;

/** Reads what a run cost. Undefined when it has no CPU samples of its instances, or no message. */
export function measuredCost(report: RunReport, seed: number): MeasuredCost | undefined {
  const { traffic } = report.digest;
  const cores = coresPerSecond(report);
  if (traffic === undefined || traffic.total.receivedPerSec <= 0 || cores.length === 0) return undefined;
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const used = bootstrap(cores, mean, { seed, resamples: 2_000 });
  const perMessage = (value: number) => value * 1e6 / traffic.total.receivedPerSec;
  const measured = connectionBytes(report);
  const received = traffic.total.receivedPerSec * (report.result.traffic?.receiveMs ?? 0) / 1_000;
  return {
    cpuUs: { estimate: perMessage(used.estimate), low: perMessage(used.low), high: perMessage(used.high) },
    bytesPerConnection: measured ?? DEFAULT_CONNECTION_BYTES,
    hasMeasuredMemory: measured !== undefined,
    clientBytes: received <= 0 ? 0 : traffic.total.bytesReceived / received,
    instances: report.options.targets.length,
    pattern: report.options.scenario.pattern.kind,
  };
}

/** Cores that all instances used together, at each time they were asked. */
function coresPerSecond({ stats }: RunReport): readonly number[] {
  const length = Math.min(...stats.map((instance) => instance.samples.length));
  if (!Number.isFinite(length)) return [];
  return Array.from({ length }, (_, at) => {
    const percents = stats.map((instance) => instance.samples[at]?.cpuPercent);
    return percents.reduce((sum: number, percent) => sum + (percent ?? 0), 0) / 100;
  }).filter((cores) => cores > 0);
}

function connectionBytes({ stats, digest }: RunReport): Interval | undefined {
  const perInstance = stats.flatMap((instance) => {
    const connections = digest.traffic?.rows.find((row) => row.instance === instance.instance)?.connections ??
      0;
    const rss = instance.maxRssBytes;
    if (rss === undefined || connections < MIN_CONNECTIONS) return [];
    return [Math.max(1_000, (rss - EMPTY_NODE_BYTES) / connections)];
  });
  if (perInstance.length === 0) return undefined;
  return {
    estimate: quantile(perInstance, 0.5),
    low: Math.min(...perInstance) * 0.8,
    high: Math.max(...perInstance) * 1.3,
  };
}

/** Plans. The number of nodes decides how many of them a publication touches, so the model runs with that number. */
export function planCapacity(
  demand: PlanDemand,
  cost: MeasuredCost,
  { limits, seed }: { readonly limits: PlanLimits; readonly seed: number },
): CapacityPlan {
  const modelOf = (nodes: number) => simulate({ nodes, ...demand }, seed);
  const fanOut = modelOf(1).deliveries.estimate;
  // A request has an answer, and a publication its subscribers: at least one message goes out for each that comes in.
  const deliveriesPerSec = demand.perSec * Math.max(1, fanOut);
  const nodesForCpu = scaled(cost.cpuUs, deliveriesPerSec / 1e6 / limits.cpuShare);
  const memoryBytes = scaled(cost.bytesPerConnection, demand.connections);
  const nodesForMemory = scaled(memoryBytes, 1 / limits.nodeBytes);
  const nodes = {
    estimate: wholeNodes(nodesForCpu.estimate, nodesForMemory.estimate),
    low: wholeNodes(nodesForCpu.low, nodesForMemory.low),
    high: wholeNodes(nodesForCpu.high, nodesForMemory.high),
  };
  const model = modelOf(nodes.estimate);
  const redisMessagesPerSec = demand.perSec * (1 + model.nodesTouched.estimate) +
    model.interestChangesPerSec.estimate;
  const redisOutBytesPerSec = demand.perSec * model.nodesTouched.estimate *
    (demand.payloadBytes + ENVELOPE_BYTES);
  return {
    nodes,
    boundBy: nodesForCpu.estimate >= nodesForMemory.estimate ? "cpu" : "memory",
    nodesForCpu,
    nodesForMemory,
    model,
    deliveriesPerSec,
    redisShards: Math.max(
      1,
      Math.ceil(redisMessagesPerSec / limits.shardMessagesPerSec),
      Math.ceil(redisOutBytesPerSec / limits.shardBytesPerSec),
    ),
    redisMessagesPerSec,
    redisOutBytesPerSec,
    memoryBytes,
    clientOutBytesPerSec: deliveriesPerSec * cost.clientBytes,
  };
}

function scaled({ estimate, low, high }: Interval, factor: number): Interval {
  return { estimate: estimate * factor, low: low * factor, high: high * factor };
}

/** One more than it takes, so that one may die. */
function wholeNodes(forCpu: number, forMemory: number): number {
  return Math.ceil(Math.max(forCpu, forMemory)) + 1;
}

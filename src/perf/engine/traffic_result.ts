/** Puts the findings of one process together as plain data. */
import { encodeHistogram } from "../truth/histogram.ts";
import type { Accounts } from "./accounts.ts";
import type { ConnectionPool } from "./connection_pool.ts";
import type { Deliveries } from "./deliveries.ts";
import type { GeneratorHealth } from "./generator.ts";
import type { LoadOptions } from "./load_options.ts";
import type { ConnectResult, ThrottleRow, TrafficResult } from "./load_result.ts";
import type { RampOutcome } from "./ramp.ts";

/** All there is at the end of one process's traffic. */
export interface TrafficFindings {
  readonly options: LoadOptions;
  readonly connected: RampOutcome;
  readonly pool: ConnectionPool;
  readonly accounts: Accounts;
  /** Undefined in patterns that publish nothing. */
  readonly deliveries: Deliveries | undefined;
  readonly throttled: readonly ThrottleRow[];
  readonly generator: GeneratorHealth;
  readonly measuredReleased: number;
  /** All on the monotonic clock. */
  readonly measuredFromMs: number;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly drainMs: number;
}

/** The result of one process. */
export function assembleTraffic(findings: TrafficFindings): TrafficResult {
  const { options, accounts, pool, deliveries, measuredFromMs } = findings;
  const { scenario } = options;
  const times = timesOf(findings);
  const answeredPerSec = achievedPerSec(accounts.sum("answered"), times);
  return {
    model: scenario.model,
    pattern: scenario.pattern.kind,
    instances: accounts.rows(),
    cells: deliveries?.cells() ?? [],
    fanOut: deliveries?.fanOut(),
    publications: deliveries?.publications ?? { sent: 0, refused: 0 },
    asked: scenario.model === "closed" ? findings.measuredReleased : scenario.messages,
    neverTried: scenario.model === "closed" ? 0 : scenario.messages - accounts.sum("tried"),
    offeredPerSec: scenario.model === "closed" ? answeredPerSec : offeredPerSec(findings),
    achievedPerSec: answeredPerSec,
    ...times,
    warmupMs: scenario.warmupMs,
    drainMs: findings.drainMs,
    measuredFromMs: Math.max(0, measuredFromMs - findings.beganMs),
    seconds: accounts.seconds(),
    ...accounts.thirds(),
    connect: connectResult(findings),
    churn: pool.churned(),
    throttled: findings.throttled,
    outages: pool.outages(),
    generators: [findings.generator],
  };
}

/** Answers that take this long after the last send are no sign of a server that falls behind, milliseconds. */
const TAIL_MS = 250;

/** Answered messages per second; a run is not made slower by the latency of its very last messages. */
export function achievedPerSec(
  answered: number,
  times: { readonly sendMs: number; readonly receiveMs: number },
): number {
  const lengthMs = Math.max(times.sendMs, times.receiveMs - TAIL_MS);
  return lengthMs <= 0 ? 0 : answered * 1_000 / lengthMs;
}

function offeredPerSec({ options }: TrafficFindings): number {
  const { messages, durationMs } = options.scenario;
  return messages * 1_000 / durationMs;
}

/** Up to the last send and to the last answer, and never shorter than what was planned until then. */
function timesOf(findings: TrafficFindings): { readonly sendMs: number; readonly receiveMs: number } {
  const { options, accounts, measuredFromMs, measuredReleased } = findings;
  const { scenario } = options;
  const share = scenario.model === "closed" ? 1 : measuredReleased / scenario.messages;
  const plannedMs = scenario.durationMs * share;
  if (scenario.model === "closed") {
    const lengthMs = Math.max(0, Math.min(plannedMs, findings.endedMs - measuredFromMs));
    return { sendMs: lengthMs, receiveMs: Math.max(lengthMs, accounts.lastAnswerMs - measuredFromMs) };
  }
  return {
    sendMs: Math.max(plannedMs, accounts.lastSendMs - measuredFromMs),
    receiveMs: Math.max(plannedMs, accounts.lastAnswerMs - measuredFromMs),
  };
}

function connectResult({ connected, pool, options }: TrafficFindings): ConnectResult {
  const { open, failed, neverTried, retries, tookMs, rows } = connected;
  return {
    asked: options.scenario.connections,
    open,
    failed,
    neverTried,
    retries,
    tookMs,
    tcp: encodeHistogram(pool.ramp.tcp),
    upgrade: encodeHistogram(pool.ramp.upgrade),
    ready: encodeHistogram(pool.ramp.ready),
    firstMessage: encodeHistogram(pool.firstMessage),
    ramp: rows,
  };
}

/** Instances that have no connection left, or never had one of those they were to get. */
export function lostTargets(options: LoadOptions, result: TrafficResult): readonly string[] {
  const wanted = Math.min(options.targets.length, options.scenario.connections);
  const isLost = (at: number) => {
    const instance = result.instances[at];
    if (instance === undefined) return false;
    const back = result.outages.find((row) => row.instance === instance.instance)?.reconnected ?? 0;
    return instance.connections - instance.lostConnections + back <= 0;
  };
  return options.targets.slice(0, wanted).filter((_, at) => isLost(at)).map((target) => target.instance);
}

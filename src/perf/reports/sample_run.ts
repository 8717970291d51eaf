/** A small made-up result of the load tester, good in every respect, for tests to spoil. */
import type { LoadOptions } from "../engine/load_options.ts";
import type { LoadResult, SecondRow, TrafficInstance } from "../engine/load_result.ts";
import type { GeneratorHealth } from "../engine/generator.ts";
import { resolveScenario } from "../scenario/resolve_scenario.ts";
import type { InstanceStats } from "../targets/stats_watch.ts";
import { parseTargets } from "../targets/target.ts";
import { digest } from "../truth/digest.ts";
import { encodeHistogram, newHistogram, recordMs } from "../truth/histogram.ts";
import type { RecorderData } from "../truth/recorder.ts";
import { parseSlos, withDefaults } from "../truth/slo.ts";
import { judge } from "../truth/verdict.ts";
import { REPORT_FORMAT, type RunReport } from "./run_report.ts";

/** `count` values, all of `ms` milliseconds, as text. */
export function histogramOf(count: number, ms: number): string {
  const histogram = newHistogram();
  for (let i = 0; i < count; i++) recordMs(histogram, ms);
  return encodeHistogram(histogram);
}

/** Both views with the same values. */
export function latencyOf(count: number, ms: number): RecorderData {
  return { corrected: histogramOf(count, ms), raw: histogramOf(count, ms), censored: 0 };
}

/** A generator that kept up. */
export const healthyGenerator: GeneratorHealth = {
  processes: 1,
  cpuCores: 0.2,
  cpuSeconds: 0.4,
  maxRssBytes: 100_000_000,
  lateSends: 0,
  sends: 2_000,
  lateAfterMs: 4.2,
  sendLag: histogramOf(2_000, 1),
  loopLag: histogramOf(100, 0.1),
};

/** The options that fit {@linkcode goodResult}. */
export const sampleOptions: LoadOptions = {
  targets: parseTargets("ws://127.0.0.1:8080,ws://127.0.0.1:8081"),
  scenario: resolveScenario("light", { messages: 2_000, perSec: 1_000 }),
  parts: ["http", "traffic", "cross"],
  pacer: "timer",
  workers: 1,
  sourceIps: [],
  drainMs: 1_000,
  governor: { pauseBelow: 0.1, resumeAbove: 0.2 },
  seed: 1,
};

function instance(name: string): TrafficInstance {
  const counts = {
    connections: 5,
    lostConnections: 0,
    tried: 1_000,
    sent: 1_000,
    answered: 1_000,
    duplicate: 0,
    unanswered: 0,
    delivered: 0,
    bytesSent: 100_000,
    bytesReceived: 100_000,
  };
  return { instance: name, ...counts, latency: latencyOf(1_000, 2) };
}

function second(instance: string, at: number): SecondRow {
  return { instance, second: at, sent: 500, received: 500, errors: 0, latency: histogramOf(500, 2) };
}

const names = sampleOptions.targets.map((target) => target.instance);

/** Two instances, 2,000 messages, nothing wrong. */
export const goodResult: LoadResult = {
  http: names.map((name) => ({
    instance: name,
    model: "closed",
    requests: 1_000,
    succeeded: 1_000,
    elapsedMs: 1_000,
    latency: histogramOf(1_000, 0.5),
    generatorCpuCores: 0.5,
  })),
  traffic: {
    model: "open",
    pattern: "echo",
    instances: names.map(instance),
    cells: [],
    fanOut: undefined,
    publications: { sent: 0, refused: 0 },
    asked: 2_000,
    neverTried: 0,
    offeredPerSec: 1_000,
    achievedPerSec: 999,
    sendMs: 2_000,
    receiveMs: 2_002,
    warmupMs: 0,
    drainMs: 2,
    measuredFromMs: 500,
    seconds: names.flatMap((name) => [second(name, 0), second(name, 1)]),
    firstThird: histogramOf(600, 2),
    lastThird: histogramOf(600, 2),
    connect: {
      asked: 10,
      open: 10,
      failed: 0,
      neverTried: 0,
      tookMs: 20,
      retries: 0,
      tcp: histogramOf(10, 0.2),
      upgrade: histogramOf(10, 2),
      ready: histogramOf(10, 1),
      firstMessage: histogramOf(10, 5),
      ramp: [{ second: 0, asked: 10, open: 10, failed: 0 }],
    },
    churn: { closed: 0, reopened: 0, failed: 0 },
    throttled: [],
    outages: [],
    generators: [healthyGenerator],
  },
  cross: {
    published: 2_000,
    refused: 0,
    neverTried: 0,
    offeredPerSec: 1_000,
    elapsedMs: 2_000,
    cells: names.flatMap((from) =>
      names.map((to) => ({
        from,
        to,
        ledger: { expected: 1_000, received: 1_000, lost: 0, duplicate: 0, reordered: 0, late: 0 },
        latency: latencyOf(1_000, from === to ? 1 : 3),
      }))
    ),
    generator: healthyGenerator,
  },
  errors: [],
  lostTargets: [],
  deadWorkers: 0,
  wasInterrupted: false,
};

/** A report of `result` under {@linkcode sampleOptions}, with the fields in `more` instead of its own. */
export function reportOf(result: LoadResult, more: Partial<RunReport> = {}): RunReport {
  const numbers = digest(result);
  return {
    format: REPORT_FORMAT,
    tool: "shoal perf",
    startedAt: "2026-01-02T03:04:05.678Z",
    argv: ["--scenario", "light"],
    environment: {
      deno: "2.9.6",
      v8: "15.0",
      os: "linux",
      arch: "x86_64",
      cores: 2,
      cpuModel: "some CPU",
      commit: undefined,
      maxOpenFiles: "20000",
      somaxconn: "4096",
      ipLocalPortRange: "32768-60999",
    },
    options: sampleOptions,
    instances: [],
    stats: names.map((instance) => statsOf(instance, [])),
    result,
    digest: numbers,
    verdict: judge(result, numbers, sampleOptions, withDefaults(parseSlos("rtt.p99<50ms"))),
    ...more,
  };
}

/** What `instance` tells of itself: a third of a core, in `samples` as given. */
export function statsOf(instance: string, samples: InstanceStats["samples"]): InstanceStats {
  return { instance, maxCpuPercent: 31, maxRssBytes: 96_468_992, maxLagMs: 1.1, samples };
}

/** A small made-up result of the load tester, good in every respect, for tests to spoil. */
import type { LoadOptions, LoadResult, WsInstanceResult } from "./engine.ts";
import type { GeneratorHealth } from "./generator.ts";
import { encodeHistogram, newHistogram, recordMs } from "./histogram.ts";
import type { RecorderData } from "./recorder.ts";
import { resolveScenario } from "./scenario.ts";
import { parseTargets } from "./target.ts";

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
  parts: ["http", "ws", "cross"],
  pacer: "timer",
  window: 0,
  drainMs: 1_000,
  seed: 1,
};

function instance(name: string): WsInstanceResult {
  const counts = { connections: 5, tried: 1_000, sent: 1_000, answered: 1_000, duplicate: 0, unanswered: 0 };
  return { instance: name, ...counts, latency: latencyOf(1_000, 2) };
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
  ws: {
    model: "open",
    instances: names.map(instance),
    asked: 2_000,
    neverTried: 0,
    offeredPerSec: 1_000,
    achievedPerSec: 999,
    sendMs: 2_000,
    receiveMs: 2_002,
    warmupMs: 0,
    drainMs: 2,
    seconds: [{ sent: 1_000, received: 999, maxUs: 2_000 }, { sent: 1_000, received: 1_001, maxUs: 2_000 }],
    firstThird: histogramOf(600, 2),
    lastThird: histogramOf(600, 2),
    connect: {
      asked: 10,
      open: 10,
      failed: 0,
      neverTried: 0,
      tookMs: 20,
      upgrade: histogramOf(10, 2),
      welcome: histogramOf(10, 1),
    },
    generator: healthyGenerator,
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
        ledger: { expected: 1_000, received: 1_000, lost: 0, duplicate: 0, reordered: 0 },
        latency: latencyOf(1_000, from === to ? 1 : 3),
      }))
    ),
    generator: healthyGenerator,
  },
  errors: [],
  lostTargets: [],
  wasInterrupted: false,
};

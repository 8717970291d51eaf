/** A made-up report with everything that charts can show, the same at each call; for tests. */
import type { LoadResult, SecondRow } from "../../engine/load_result.ts";
import { seededRandom } from "../../engine/seed.ts";
import type { InstanceStats } from "../../targets/stats_watch.ts";
import { encodeHistogram, newHistogram, recordMs } from "../../truth/histogram.ts";
import type { RecorderData } from "../../truth/recorder.ts";
import type { RunReport } from "../run_report.ts";
import { goodResult, reportOf, sampleOptions, statsOf } from "../sample_run.ts";

const SECONDS = 20;
const PER_SEC = 600;

type Random = () => number;

/** `count` latencies around `ms` with a long tail. */
function tailed(random: Random, count: number, ms: number): string {
  const histogram = newHistogram();
  for (let at = 0; at < count; at++) {
    recordMs(histogram, ms * Math.exp(0.4 * normal(random)) + tailOf(random));
  }
  return encodeHistogram(histogram);
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function tailOf(random: Random): number {
  return random() < 0.01 ? 40 * random() : 0;
}

function views(random: Random, count: number, ms: number): RecorderData {
  return { corrected: tailed(random, count, ms * 1.3), raw: tailed(random, count, ms), censored: 0 };
}

/** A stall of one second, and a slower second instance. */
function secondRow(random: Random, instance: string, second: number, slower: number): SecondRow {
  const isStalled = second === 11;
  const received = isStalled ? PER_SEC / 4 : PER_SEC + Math.round(20 * normal(random));
  const latency = tailed(random, received, isStalled ? 400 : 2 * slower);
  return { instance, second, sent: PER_SEC, received, errors: 0, latency };
}

function sampleResult(random: Random): LoadResult {
  const { traffic } = goodResult;
  if (traffic === undefined) throw new Error("The sample has no traffic");
  const names = traffic.instances.map((row) => row.instance);
  return {
    ...goodResult,
    traffic: {
      ...traffic,
      sendMs: SECONDS * 1_000,
      receiveMs: SECONDS * 1_000 + 3,
      offeredPerSec: 2 * PER_SEC,
      achievedPerSec: 2 * PER_SEC - 1,
      instances: traffic.instances.map((row, at) => ({ ...row, latency: views(random, 12_000, 2 + at) })),
      seconds: Array.from(
        { length: SECONDS },
        (_, second) => names.map((name, at) => secondRow(random, name, second, 1 + at * 0.3)),
      ).flat(),
      outages: [{
        instance: names[0] ?? "",
        firstLostMs: 11_600,
        lastLostMs: 11_650,
        lost: 5,
        reconnected: 5,
        lastBackMs: 12_700,
      }],
      throttled: [{ fromMs: 100, toMs: 300, reason: "9% of memory available" }],
      connect: {
        ...traffic.connect,
        asked: 500,
        open: 497,
        failed: 3,
        tookMs: 4_600,
        ramp: [0, 1, 2, 3, 4].map((second) => ({
          second,
          asked: Math.min(500, 120 * second + 20),
          open: Math.min(497, 112 * second + 14),
          failed: second > 2 ? 3 : 0,
        })),
      },
    },
    cross: goodResult.cross && {
      ...goodResult.cross,
      cells: goodResult.cross.cells.map((cell) => ({
        ...cell,
        latency: views(random, 2_000, cell.from === cell.to ? 0.8 : 2.1),
      })),
    },
  };
}

/** Builds it. */
export function sampleReport(): RunReport {
  const random = seededRandom(7);
  return reportOf(sampleResult(random), {
    stats: sampleOptions.targets.map(({ instance }, at) => statsOf(instance, usage(random, at))),
    drills: [{ fromMs: 11_500, toMs: 12_600, text: "node 1 paused" }],
  });
}

/** CPU, memory and lag of instance number `at`, second by second. */
function usage(random: Random, at: number): InstanceStats["samples"] {
  return Array.from({ length: SECONDS }, (_, second) => ({
    atMs: 500 + second * 1_000,
    cpuPercent: 25 + 6 * random() + 4 * at,
    rssBytes: 80_000_000 + second * 800_000 + at * 9_000_000,
    lagMs: 0.4 + random(),
    connections: 250,
  }));
}

import process from "node:process";
import type { NodeStats } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import type { LagMeter } from "./lag.ts";
import type { Traffic } from "./traffic.ts";

/** Samples what a node says of itself with every beat. */
export class LoadSampler {
  readonly #traffic: Traffic;
  readonly #lag: LagMeter;
  readonly #clock: Clock;
  #atMs: number;
  #messagesIn = 0;
  #messagesOut = 0;
  #cpu = process.cpuUsage();

  constructor(traffic: Traffic, lag: LagMeter, clock: Clock) {
    this.#traffic = traffic;
    this.#lag = lag;
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
  }

  /** Rates since the last call, and what is now. */
  sample(connections: number, channels: number): NodeStats {
    const nowMs = this.#clock.monotonicMs();
    const seconds = Math.max(0.001, (nowMs - this.#atMs) / 1000);
    const { messagesIn, messagesOut } = this.#traffic;
    const cpu = process.cpuUsage(this.#cpu);
    const stats = {
      connections,
      channels,
      messagesInPerSec: round((messagesIn - this.#messagesIn) / seconds),
      messagesOutPerSec: round((messagesOut - this.#messagesOut) / seconds),
      lagMs: round(this.#lag.takeWorstMs()),
      rssBytes: process.memoryUsage().rss,
      cpuPercent: round((cpu.user + cpu.system) / 1e4 / seconds),
    };
    this.#atMs = nowMs;
    this.#messagesIn = messagesIn;
    this.#messagesOut = messagesOut;
    this.#cpu = process.cpuUsage();
    return stats;
  }
}

/** What the process has used since its start: CPU time in seconds, heap in bytes. */
export function processUse(): { readonly cpuSeconds: number; readonly heapUsedBytes: number } {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, heapUsedBytes: process.memoryUsage().heapUsed };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

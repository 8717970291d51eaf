/** The numbers of a run while it runs, from what its engine reports, as samples of the catalog's metrics. */
import type { InstanceProgress, Progress } from "../../engine/engine.ts";
import type { LoadResult } from "../../engine/load_result.ts";
import type { PairTelemetry, Telemetry } from "../../engine/telemetry.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import { addBuckets } from "../../truth/bucket_counts.ts";
import type { ErrorRow } from "../../truth/error_classes.ts";
import { addLedgers } from "../../truth/ledger.ts";
import { expose, type Sample } from "./exposition.ts";

/** Rates are those of at least this long. */
const RATE_OVER_MS = 1_000;

interface Mark {
  readonly atMs: number;
  readonly sent: number;
}

/** Takes the progress of one run and renders pages. */
export class LiveMetrics {
  readonly #scenario: Scenario;
  readonly #monotonicMs: () => number;
  #connecting = 0;
  #instances: readonly InstanceProgress[] = [];
  #traffic: Telemetry | undefined;
  #crossPairs: readonly PairTelemetry[] = [];
  #result: LoadResult | undefined;
  #sendingFromMs: number | undefined;
  #base: Mark | undefined;
  #achievedPerSec: number | undefined;

  constructor(scenario: Scenario, monotonicMs: () => number) {
    this.#scenario = scenario;
    this.#monotonicMs = monotonicMs;
  }

  /** Takes the newest state. */
  take(progress: Progress): void {
    const { phase, instances, telemetry } = progress;
    if (phase === "connect") this.#connecting = progress.done;
    if (phase === "cross") {
      this.#crossPairs = telemetry?.pairs ?? this.#crossPairs;
      return;
    }
    if (phase === "warm-up" || phase === "measure") this.#sendingFromMs ??= this.#monotonicMs();
    if (instances !== undefined) this.#takeInstances(instances);
    this.#traffic = telemetry ?? this.#traffic;
  }

  /** The run is over: what is only known now, such as what was lost, is added. */
  finish(result: LoadResult): void {
    this.#result = result;
  }

  /** The page. */
  page(): string {
    return expose([
      ...this.#simulatorSamples(),
      ...this.#instanceSamples(),
      ...this.#pairSamples(),
      ...this.#ownSamples(),
    ]);
  }

  #takeInstances(instances: readonly InstanceProgress[]): void {
    this.#instances = instances;
    const now = { atMs: this.#monotonicMs(), sent: sum(instances, (row) => row.sent) };
    const base = this.#base ??= now;
    if (now.atMs - base.atMs < RATE_OVER_MS) return;
    this.#achievedPerSec = Math.max(0, now.sent - base.sent) * 1_000 / (now.atMs - base.atMs);
    this.#base = now;
  }

  #simulatorSamples(): readonly Sample[] {
    const rows = this.#instances;
    const traffic = this.#traffic;
    const open = rows.length === 0 ? this.#connecting : sum(rows, (row) => row.connections);
    const latency = traffic === undefined
      ? undefined
      : addBuckets(traffic.instances.map((row) => row.corrected));
    return [
      { name: "ws_simulator_connections", value: open },
      { name: "ws_simulator_messages_sent_total", value: sum(rows, (row) => row.sent) },
      { name: "ws_simulator_messages_received_total", value: sum(rows, (row) => row.received) },
      { name: "ws_simulator_errors_total", value: sum(this.#errors, (row) => row.count) },
      { name: "ws_simulator_bytes_sent_total", value: sum(rows, (row) => row.bytesSent) },
      { name: "ws_simulator_bytes_received_total", value: sum(rows, (row) => row.bytesReceived) },
      ...(traffic === undefined || latency === undefined ? [] : [
        { name: "ws_simulator_message_latency_seconds", value: latency },
        { name: "ws_simulator_connection_duration_seconds", value: traffic.connectionSeconds },
        { name: "ws_simulator_message_size_bytes", value: traffic.sizes },
        { name: "ws_simulator_reconnect_attempts_total", value: traffic.reconnectAttempts },
      ]),
    ];
  }

  get #errors(): readonly ErrorRow[] {
    return this.#result?.errors ?? this.#traffic?.errors ?? [];
  }

  #instanceSamples(): readonly Sample[] {
    return this.#instances.flatMap((row) => {
      const { instance } = row;
      const more = this.#traffic?.instances.find((other) => other.instance === instance);
      const delivered = Math.min(row.received, more?.delivered ?? 0);
      return [
        { name: "perf_connections", labels: { instance, state: "open" }, value: row.connections },
        { name: "perf_connections", labels: { instance, state: "lost" }, value: more?.lostConnections ?? 0 },
        { name: "perf_messages_sent_total", labels: { instance }, value: row.sent },
        {
          name: "perf_messages_received_total",
          labels: { instance, kind: "answer" },
          value: row.received - delivered,
        },
        { name: "perf_messages_received_total", labels: { instance, kind: "delivery" }, value: delivered },
        ...(more === undefined ? [] : [
          { name: "perf_connect_seconds", labels: { instance, phase: "tcp" }, value: more.tcp },
          { name: "perf_connect_seconds", labels: { instance, phase: "upgrade" }, value: more.upgrade },
          { name: "perf_connect_seconds", labels: { instance, phase: "welcome" }, value: more.welcome },
          { name: "perf_rtt_seconds", labels: { instance, view: "corrected" }, value: more.corrected },
          { name: "perf_rtt_seconds", labels: { instance, view: "raw" }, value: more.raw },
        ]),
      ];
    });
  }

  #pairSamples(): readonly Sample[] {
    const pairs = [...(this.#traffic?.pairs ?? []), ...this.#crossPairs];
    const groups = [...Map.groupBy(pairs, (pair) => `${pair.from} ${pair.to}`).values()];
    return groups.flatMap((rows) => pairSamples(rows, this.#lost(rows)));
  }

  /** What is under way may still arrive: only the end of a run knows what was lost. */
  #lost(rows: readonly PairTelemetry[]): number {
    const cells = [...(this.#result?.traffic?.cells ?? []), ...(this.#result?.cross?.cells ?? [])];
    const own = cells.filter((cell) => cell.from === rows[0]?.from && cell.to === rows[0]?.to);
    return addLedgers(own.map((cell) => cell.ledger)).lost;
  }

  #ownSamples(): readonly Sample[] {
    const traffic = this.#traffic;
    const offered = this.#offeredPerSec();
    return [
      ...this.#errors.map((row) => ({
        name: "perf_errors_total",
        labels: { instance: row.instance, class: row.class },
        value: row.count,
      })),
      ...(offered === undefined ? [] : [{ name: "perf_offered_rate", value: offered }]),
      ...(this.#achievedPerSec === undefined
        ? []
        : [{ name: "perf_achieved_rate", value: this.#achievedPerSec }]),
      ...(traffic === undefined ? [] : telemetrySamples(traffic)),
    ];
  }

  /** The plan's rate now; a closed loop has no plan. */
  #offeredPerSec(): number | undefined {
    const { model, perSec, stages, warmupMs } = this.#scenario;
    if (model === "closed") return undefined;
    if (this.#sendingFromMs === undefined) return 0;
    let [left, rate] = [this.#monotonicMs() - this.#sendingFromMs - warmupMs, perSec];
    for (const stage of stages) {
      if (left <= 0) return rate;
      if (left < stage.durationMs) return rate + (stage.perSec - rate) * left / stage.durationMs;
      [left, rate] = [left - stage.durationMs, stage.perSec];
    }
    return rate;
  }
}

function pairSamples(rows: readonly PairTelemetry[], lost: number): readonly Sample[] {
  const [first] = rows;
  if (first === undefined) return [];
  const labels = { from: first.from, to: first.to };
  const ranks = (["first", "median", "last"] as const).map((rank) => ({
    name: "perf_fanout_seconds",
    labels: { origin: first.from, via: first.to, rank },
    value: addBuckets(rows.map((row) => row[rank])),
  }));
  return [
    { name: "perf_cross_seconds", labels, value: addBuckets(rows.map((row) => row.latency)) },
    ...ranks,
    { name: "perf_lost_total", labels, value: lost },
    { name: "perf_duplicate_total", labels, value: sum(rows, (row) => row.duplicate) },
    { name: "perf_reordered_total", labels, value: sum(rows, (row) => row.reordered) },
    { name: "perf_late_total", labels, value: sum(rows, (row) => row.late) },
  ];
}

function telemetrySamples(traffic: Telemetry): readonly Sample[] {
  return [
    { name: "perf_overruns_total", value: traffic.lateSends },
    { name: "perf_send_lag_seconds", value: traffic.sendLag },
    { name: "perf_throttle_seconds_total", value: traffic.throttledMs / 1_000 },
    { name: "perf_buffered_bytes", value: traffic.bufferedBytes },
    ...traffic.workers.flatMap(({ worker, cpuCores, lagSeconds, rssBytes }) => [
      { name: "perf_worker_cpu_ratio", labels: { worker }, value: cpuCores },
      { name: "perf_worker_lag_seconds", labels: { worker }, value: lagSeconds },
      { name: "perf_worker_rss_bytes", labels: { worker }, value: rssBytes },
    ]),
  ];
}

function sum<T>(rows: readonly T[], field: (row: T) => number): number {
  return rows.reduce((total, row) => total + field(row), 0);
}

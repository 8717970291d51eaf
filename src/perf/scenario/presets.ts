/** The presets: each fixes both total and rate, so that no test is over before it began. */
import type { Scenario } from "./scenario.ts";

const shared = {
  model: "open",
  pattern: { kind: "echo" },
  speech: { kind: "shoal" },
  stages: [],
  payload: { kind: "fixed", bytes: 64 },
  window: 0,
  warmupMs: 3_000,
  ramp: { batch: 100, intervalMs: 100, maxActiveBatches: 4, connectTimeoutMs: 10_000, retries: 0 },
  churnPerSec: 0,
  reconnects: false,
} as const;

/** The presets by name. */
export const presets = {
  light: {
    ...shared,
    name: "light",
    connections: 10,
    messages: 1_000,
    perSec: 200,
    durationMs: 5_000,
    http: { concurrency: 4, maxRequests: 20_000, maxMs: 2_000 },
    cross: { messages: 1_000, perSec: 200 },
  },
  medium: {
    ...shared,
    name: "medium",
    connections: 100,
    messages: 10_000,
    perSec: 1_000,
    durationMs: 10_000,
    http: { concurrency: 10, maxRequests: 50_000, maxMs: 3_000 },
    cross: { messages: 3_000, perSec: 300 },
  },
  heavy: {
    ...shared,
    name: "heavy",
    connections: 500,
    messages: 50_000,
    perSec: 2_500,
    durationMs: 20_000,
    http: { concurrency: 20, maxRequests: 100_000, maxMs: 5_000 },
    cross: { messages: 6_000, perSec: 500 },
  },
  stress: {
    ...shared,
    name: "stress",
    connections: 1_000,
    messages: 500_000,
    perSec: 10_000,
    durationMs: 50_000,
    http: { concurrency: 50, maxRequests: 200_000, maxMs: 5_000 },
    cross: { messages: 6_000, perSec: 500 },
  },
  /** Holds 100,000 connections, each with a message every 30 s; needs eight nodes and seven generator processes. */
  xl: {
    ...shared,
    name: "xl",
    connections: 100_000,
    messages: 100_000,
    perSec: 3_333,
    durationMs: 30_000,
    warmupMs: 5_000,
    ramp: { batch: 60, intervalMs: 100, maxActiveBatches: 6, connectTimeoutMs: 20_000, retries: 2 },
    churnPerSec: 0.001,
    http: { concurrency: 4, maxRequests: 1_000, maxMs: 1_000 },
    // A p99 of each of the 64 pairs of instances needs 1,000 deliveries.
    cross: { messages: 8_800, perSec: 600 },
  },
} as const satisfies Record<string, Scenario>;

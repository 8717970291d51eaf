/** What a run does: the four presets, each fixed in total and in rate, and what a caller may change of them. */
import { UsageError } from "./usage_error.ts";

/** Closed loop of `GET /health`, per instance; whichever bound is met first ends it. */
export interface HttpPart {
  /** Requests under way at any time. */
  readonly concurrency: number;
  readonly maxRequests: number;
  readonly maxMs: number;
}

/** Publications from each instance to subscribers on all instances, totals over all publishers. */
export interface CrossPart {
  readonly messages: number;
  readonly perSec: number;
}

/** One scenario, complete. */
export interface Scenario {
  readonly name: string;
  /** WebSocket connections over all instances. */
  readonly connections: number;
  /** Measured messages over all connections; warm-up comes on top. */
  readonly messages: number;
  readonly perSec: number;
  /** Bytes of text in each message's payload. */
  readonly payloadBytes: number;
  readonly warmupMs: number;
  readonly http: HttpPart;
  readonly cross: CrossPart;
}

const shared = { payloadBytes: 64, warmupMs: 3_000 };

/** The presets by name. */
export const presets = {
  light: {
    ...shared,
    name: "light",
    connections: 10,
    messages: 1_000,
    perSec: 200,
    http: { concurrency: 4, maxRequests: 20_000, maxMs: 2_000 },
    cross: { messages: 1_000, perSec: 200 },
  },
  medium: {
    ...shared,
    name: "medium",
    connections: 100,
    messages: 10_000,
    perSec: 1_000,
    http: { concurrency: 10, maxRequests: 50_000, maxMs: 3_000 },
    cross: { messages: 3_000, perSec: 300 },
  },
  heavy: {
    ...shared,
    name: "heavy",
    connections: 500,
    messages: 50_000,
    perSec: 2_500,
    http: { concurrency: 20, maxRequests: 100_000, maxMs: 5_000 },
    cross: { messages: 6_000, perSec: 500 },
  },
  stress: {
    ...shared,
    name: "stress",
    connections: 1_000,
    messages: 500_000,
    perSec: 10_000,
    http: { concurrency: 50, maxRequests: 200_000, maxMs: 5_000 },
    cross: { messages: 6_000, perSec: 500 },
  },
} as const satisfies Record<string, Scenario>;

/** Changes to a preset. */
export interface ScenarioChanges {
  readonly connections?: number | undefined;
  readonly messages?: number | undefined;
  readonly perSec?: number | undefined;
  /** Length of the measured phase; sets the messages to rate x duration. */
  readonly durationMs?: number | undefined;
  readonly payloadBytes?: number | undefined;
  readonly warmupMs?: number | undefined;
}

/** Bounds of one process of the load generator: what its descriptors and its tables can hold. */
const MAX_CONNECTIONS = 16_000;
const MAX_MESSAGES = 100_000_000;
const MAX_PAYLOAD_BYTES = 60_000;

/** The preset `name` with `changes`. Throws {@linkcode UsageError}. */
export function resolveScenario(name: string, changes: ScenarioChanges = {}): Scenario {
  const preset: Scenario | undefined = Object.hasOwn(presets, name)
    ? presets[name as keyof typeof presets]
    : undefined;
  if (preset === undefined) {
    throw new UsageError(`Unknown scenario "${name}": choose one of ${Object.keys(presets).join(", ")}`);
  }
  const perSec = changes.perSec ?? preset.perSec;
  const scenario: Scenario = {
    ...preset,
    connections: changes.connections ?? preset.connections,
    messages: messagesOf(preset, changes, perSec),
    perSec,
    payloadBytes: changes.payloadBytes ?? preset.payloadBytes,
    warmupMs: changes.warmupMs ?? preset.warmupMs,
  };
  check(scenario);
  return scenario;
}

function messagesOf(preset: Scenario, changes: ScenarioChanges, perSec: number): number {
  if (changes.durationMs === undefined) return changes.messages ?? preset.messages;
  if (changes.messages !== undefined) {
    throw new UsageError(
      "Cannot take both a number of messages and a duration: the rate makes one from the other",
    );
  }
  return Math.max(1, Math.round(perSec * changes.durationMs / 1_000));
}

function check(scenario: Scenario): void {
  if (scenario.connections > MAX_CONNECTIONS) {
    throw new UsageError(
      `Cannot open ${scenario.connections} connections: one process holds at most ${MAX_CONNECTIONS}`,
    );
  }
  if (scenario.messages > MAX_MESSAGES) {
    throw new UsageError(
      `Cannot send ${scenario.messages} messages: a run has at most ${MAX_MESSAGES}; shorten it`,
    );
  }
  if (scenario.payloadBytes > MAX_PAYLOAD_BYTES) {
    throw new UsageError(
      `Cannot send ${scenario.payloadBytes} bytes: a payload has at most ${MAX_PAYLOAD_BYTES}`,
    );
  }
}

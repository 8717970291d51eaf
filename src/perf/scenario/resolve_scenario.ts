/** A preset with a caller's changes becomes a complete scenario, or a usage error. */
import { UsageError } from "../usage_error.ts";
import { planCount } from "./duration.ts";
import { presets } from "./presets.ts";
import type { CrossPart, HttpPart, Pattern, RampPlan, Scenario, Speech, Stage } from "./scenario.ts";
import type { PayloadSpec } from "./payload_spec.ts";

/** Changes to a preset; undefined keeps what it says. */
export interface ScenarioChanges {
  readonly name?: string | undefined;
  readonly model?: Scenario["model"] | undefined;
  readonly pattern?: Pattern | undefined;
  readonly speech?: Speech | undefined;
  readonly connections?: number | undefined;
  readonly messages?: number | undefined;
  readonly perSec?: number | undefined;
  readonly stages?: readonly Stage[] | undefined;
  /** Length of the measured phase; sets the messages to rate x duration. */
  readonly durationMs?: number | undefined;
  readonly payload?: PayloadSpec | undefined;
  readonly window?: number | undefined;
  readonly warmupMs?: number | undefined;
  /** All connections within this time: sets the size of a batch. */
  readonly rampUpMs?: number | undefined;
  readonly ramp?: { readonly [Field in keyof RampPlan]?: RampPlan[Field] | undefined } | undefined;
  readonly churnPerSec?: number | undefined;
  readonly reconnects?: boolean | undefined;
  readonly http?: HttpPart | undefined;
  readonly cross?: CrossPart | undefined;
}

/** Bounds of what the tables of a run can hold. */
const MAX_CONNECTIONS = 1_000_000;
const MAX_MESSAGES = 1_000_000_000;

/** The preset `name` with `changes`. Throws {@linkcode UsageError}. */
export function resolveScenario(name: string, changes: ScenarioChanges = {}): Scenario {
  const preset: Scenario | undefined = Object.hasOwn(presets, name)
    ? presets[name as keyof typeof presets]
    : undefined;
  if (preset === undefined) {
    throw new UsageError(
      `Unknown scenario "${name}": choose one of ${Object.keys(presets).join(", ")}, or a file`,
    );
  }
  const scenario = { ...withoutUndefined(preset, changes), ...timingOf(preset, changes) };
  check(scenario, changes);
  return scenario;
}

function withoutUndefined(preset: Scenario, changes: ScenarioChanges): Scenario {
  const { rampUpMs, ...fields } = changes;
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const ramp = Object.fromEntries(
    Object.entries(changes.ramp ?? {}).filter(([, value]) => value !== undefined),
  );
  const model = changes.model ?? preset.model;
  // A closed loop without a window would have nobody to wait for.
  const isHttp = changes.speech?.kind === "http";
  const window = changes.window ??
    (model === "closed" || isHttp ? Math.max(1, preset.window) : preset.window);
  const scenario = { ...preset, ...given, window, ramp: { ...preset.ramp, ...ramp } };
  return rampUpMs === undefined ? scenario : { ...scenario, ramp: rampWithin(rampUpMs, scenario) };
}

function rampWithin(rampUpMs: number, scenario: Scenario): RampPlan {
  const batches = Math.max(1, Math.floor(rampUpMs / scenario.ramp.intervalMs));
  return { ...scenario.ramp, batch: Math.ceil(scenario.connections / batches) };
}

/** Messages, rate and length: any two give the third. */
function timingOf(
  preset: Scenario,
  changes: ScenarioChanges,
): Pick<Scenario, "messages" | "perSec" | "stages" | "durationMs"> {
  const perSec = changes.perSec ?? preset.perSec;
  const stages = changes.stages ?? preset.stages;
  if (stages.length > 0) return stagedTiming(perSec, stages, changes);
  if (changes.durationMs === undefined) {
    const messages = changes.messages ?? preset.messages;
    return { messages, perSec, stages, durationMs: messages * 1_000 / perSec };
  }
  if (changes.messages !== undefined) {
    throw new UsageError(
      "Cannot take both a number of messages and a duration: the rate makes one from the other",
    );
  }
  const messages = Math.max(1, Math.round(perSec * changes.durationMs / 1_000));
  return { messages, perSec, stages, durationMs: changes.durationMs };
}

function stagedTiming(perSec: number, stages: readonly Stage[], changes: ScenarioChanges) {
  if (changes.messages !== undefined || changes.durationMs !== undefined) {
    throw new UsageError("Cannot take stages together with messages or a duration: the stages give both");
  }
  const durationMs = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  return { messages: planCount(perSec, stages), perSec, stages, durationMs };
}

function check(scenario: Scenario, changes: ScenarioChanges): void {
  if (scenario.connections > MAX_CONNECTIONS) {
    throw new UsageError(
      `Cannot open ${scenario.connections} connections: a run holds at most ${MAX_CONNECTIONS}`,
    );
  }
  if (scenario.messages > MAX_MESSAGES) {
    throw new UsageError(
      `Cannot send ${scenario.messages} messages: a run has at most ${MAX_MESSAGES}; shorten it`,
    );
  }
  if (scenario.churnPerSec < 0 || scenario.churnPerSec > 1) {
    throw new UsageError(
      `Cannot churn ${scenario.churnPerSec * 100}%/s: between 0% and 100% of the connections`,
    );
  }
  const isClosedWithPlan = scenario.model === "closed" &&
    (scenario.stages.length > 0 || changes.perSec !== undefined);
  if (isClosedWithPlan) {
    throw new UsageError("A closed loop has no rate: take --model open for a rate or for stages");
  }
  if (scenario.speech.kind === "http" && scenario.window !== 1) {
    throw new UsageError(
      "HTTP has one request under way per connection: leave --window out, and raise --clients",
    );
  }
  checkPattern(scenario);
}

function checkPattern(scenario: Scenario): void {
  const { pattern, speech } = scenario;
  if (speech.kind !== "shoal" && pattern.kind !== "echo") {
    throw new UsageError(
      `Pattern ${pattern.kind} needs Shoal's protocol: a ${speech.kind} target can only echo`,
    );
  }
  if (pattern.kind === "echo" || pattern.kind === "rpc") return;
  if (scenario.model === "closed") {
    throw new UsageError(`Pattern ${pattern.kind} needs --model open: publications have no window`);
  }
  if (scenario.churnPerSec > 0) {
    // Who is away on purpose has no claim to a message, and whether it was away then cannot be known exactly.
    throw new UsageError(
      `Pattern ${pattern.kind} cannot churn: the ledger proves every delivery; take echo or rpc`,
    );
  }
}

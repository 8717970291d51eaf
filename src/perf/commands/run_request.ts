/** Makes of the options what a run is asked for: subject, scenario, parts, workers, demands. */
import type { Part } from "../engine/load_options.ts";
import type { RunRequest } from "../measure.ts";
import type { Delay } from "../network/delay_line.ts";
import { resolveScenario, type ScenarioChanges } from "../scenario/resolve_scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { parseSubject, type Subject } from "../targets/subject.ts";
import { parseSlos } from "../truth/slo.ts";
import { UsageError } from "../usage_error.ts";
import type { CommandContext } from "./command.ts";
import { type LoadFlags, PARTS } from "./load_flags.ts";
import { speechOf } from "./speech_flags.ts";

/** The request behind the options. Throws {@linkcode UsageError}. */
export function toRunRequest(
  flags: LoadFlags,
  context: Pick<CommandContext, "argv" | "newSeed">,
): RunRequest {
  const delay = delayOf(flags);
  const scenario = withDelayInName(resolveScenario(flags.scenario, changesOf(flags)), delay);
  const { pacer, drain, out, pauseBelow, resumeAbove, sourceIps } = flags;
  if (resumeAbove <= pauseBelow) {
    throw new UsageError(
      "--resume-above has to be above --pause-below: between them connecting stays as it is",
    );
  }
  return {
    subject: subjectOf(flags, scenario),
    load: {
      scenario,
      parts: partsOf(flags, scenario),
      pacer,
      workers: workersOf(flags.workers, scenario),
      sourceIps,
      drainMs: drain,
      governor: { pauseBelow, resumeAbove },
      seed: flags.seed ?? context.newSeed(),
    },
    delay,
    slos: parseSlos(flags.slo ?? ""),
    out,
    isQuiet: flags.quiet === true,
    prometheus: flags.prometheus,
    argv: context.argv,
  };
}

function delayOf({ latency, jitter = 0 }: LoadFlags): Delay | undefined {
  if (latency === undefined) {
    if (jitter > 0) throw new UsageError("--jitter varies --latency: write --latency 40ms --jitter 10ms");
    return undefined;
  }
  if (jitter > latency) {
    throw new UsageError("--jitter cannot be larger than --latency: no message comes early");
  }
  return { latencyMs: latency, jitterMs: jitter };
}

/** Nobody may take such a run for one over the plain network. */
function withDelayInName(scenario: Scenario, delay: Delay | undefined): Scenario {
  if (delay === undefined) return scenario;
  const jitter = delay.jitterMs > 0 ? `~${delay.jitterMs}ms` : "";
  return { ...scenario, name: `${scenario.name}+${delay.latencyMs}ms${jitter}` };
}

function changesOf(flags: LoadFlags): ScenarioChanges {
  const { batch, interval, maxBatches, connectTimeout, retries } = flags;
  return {
    name: flags.name,
    model: flags.model,
    pattern: flags.pattern,
    speech: speechOf(flags),
    connections: flags.clients,
    messages: flags.messages,
    perSec: flags.rate,
    stages: flags.stages,
    durationMs: flags.duration,
    payload: flags.payload,
    window: flags.window,
    warmupMs: flags.warmup,
    rampUpMs: flags.rampUp,
    ramp: {
      batch,
      intervalMs: interval,
      maxActiveBatches: maxBatches,
      connectTimeoutMs: connectTimeout,
      retries,
    },
    churnPerSec: flags.churn,
    reconnects: flags.reconnect,
  };
}

/**
 * Half of Linux's usual range of ports: beyond that each further connection to one target costs a search of more than a
 * millisecond, which stalls the generator. And well below a node's usual limit of files.
 */
const CONNECTIONS_PER_INSTANCE = 14_000;

function subjectOf(flags: LoadFlags, { connections }: Scenario): Subject {
  const needed = Math.max(2, Math.ceil(connections / CONNECTIONS_PER_INSTANCE));
  const { targets, start, instances = needed, redis } = flags;
  if (typeof start === "string") return parseSubject(start, { urls: targets, redis });
  if (targets !== undefined) return { kind: "urls", urls: targets };
  if (start === true) return { kind: "cluster", instances, redis };
  return { kind: "running", mayStart: start === undefined, instances, redis };
}

/** Only nodes of Shoal have `/health` and channels. */
function partsOf(flags: LoadFlags, scenario: Scenario): readonly Part[] {
  const can: readonly Part[] = scenario.speech.kind === "shoal" ? PARTS : ["traffic"];
  const wrong = flags.parts?.find((part) => !can.includes(part));
  if (wrong !== undefined) throw new UsageError(`Part ${wrong} needs nodes of Shoal: leave --parts out`);
  return flags.parts ?? can;
}

/** A process holds some 16,000 sockets with the usual limit of 20,000 files. */
const CONNECTIONS_PER_WORKER = 16_000;
/** A core sends this much without being late. */
const PER_SEC_PER_WORKER = 40_000;

function workersOf(asked: number | "auto", scenario: Scenario): number {
  if (asked !== "auto") return Math.min(asked, scenario.connections);
  const forSockets = Math.ceil(scenario.connections / CONNECTIONS_PER_WORKER);
  const forRate = scenario.model === "closed" ? 1 : Math.ceil(scenario.perSec / PER_SEC_PER_WORKER);
  return Math.max(forSockets, Math.min(forRate, navigator.hardwareConcurrency));
}

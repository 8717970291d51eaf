/** Splits a load over several generator processes. Pure. */
import type { LoadOptions } from "../load_options.ts";

/** What one worker does. */
export interface WorkerShare {
  readonly options: LoadOptions;
  /** Its plan begins this much later, so that the sends of all workers together are evenly spaced, milliseconds. */
  readonly phaseMs: number;
}

/**
 * Shares of `options.workers` processes. Connections are shared by whole rounds over the instances, so that each
 * worker is balanced; rate and messages follow the connections. Groups of a pattern stay within one process, whose
 * clock times both ends: every worker has channels of its own.
 */
export function splitLoad(options: LoadOptions): readonly WorkerShare[] {
  const counts = shareConnections(options);
  const { scenario } = options;
  const total = scenario.connections;
  let [connectionsBefore, messagesBefore] = [0, 0];
  return counts.map((connections, at) => {
    connectionsBefore += connections;
    const messagesUpTo = Math.round(scenario.messages * connectionsBefore / total);
    const messages = messagesUpTo - messagesBefore;
    messagesBefore = messagesUpTo;
    const share = connections / total;
    const part = {
      ...scenario,
      connections,
      messages,
      perSec: scenario.perSec * share,
      stages: scenario.stages.map((stage) => ({ ...stage, perSec: stage.perSec * share })),
      ramp: { ...scenario.ramp, batch: Math.max(1, Math.round(scenario.ramp.batch * share)) },
    };
    return {
      options: {
        ...options,
        scenario: part,
        parts: ["traffic"],
        workers: 1,
        seed: options.seed + at * SEED_STEP,
      },
      phaseMs: at * 1_000 / scenario.perSec,
    };
  });
}

/** Seeds of neighbouring runs must not meet: their channels would. */
const SEED_STEP = 1_000_003;

function shareConnections({ scenario, targets, workers }: LoadOptions): readonly number[] {
  const rounds = Math.ceil(scenario.connections / targets.length);
  const used = Math.max(1, Math.min(workers, rounds));
  let left = scenario.connections;
  return Array.from({ length: used }, (_, at) => {
    const ownRounds = Math.floor(rounds * (at + 1) / used) - Math.floor(rounds * at / used);
    const own = Math.min(left, ownRounds * targets.length);
    left -= own;
    return own;
  }).filter((own) => own > 0);
}

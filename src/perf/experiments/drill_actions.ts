/** What is done to a cluster, and when; all times from the begin of the measured phase. */
import { parseCount, parseDurationMs } from "../units.ts";
import { UsageError } from "../usage_error.ts";

/** One thing done. Instances count from 1. */
export type DrillAction =
  | { readonly kind: "kill"; readonly instance: number; readonly atMs: number }
  | { readonly kind: "restart"; readonly instance: number; readonly atMs: number }
  | { readonly kind: "pause"; readonly instance: number; readonly atMs: number }
  | { readonly kind: "resume"; readonly instance: number; readonly atMs: number }
  | { readonly kind: "broker-drop"; readonly atMs: number }
  | { readonly kind: "broker-back"; readonly atMs: number };

/** A supervisor would take about this long. */
const RESTART_AFTER_MS = 2_000;

/** Reads `2@10s`. Throws {@linkcode UsageError}. */
export function parseKill(text: string): readonly DrillAction[] {
  const { instance, atMs } = parsePlace(text, "--kill 2@10s");
  return [{ kind: "kill", instance, atMs }];
}

/** Reads `2@20s`. Throws {@linkcode UsageError}. */
export function parseRestart(text: string): readonly DrillAction[] {
  const { instance, atMs } = parsePlace(text, "--restart 2@20s");
  return [{ kind: "restart", instance, atMs }];
}

/** Reads `1@10s:3s`: paused at 10 s for 3 s. Throws {@linkcode UsageError}. */
export function parsePause(text: string): readonly DrillAction[] {
  const [place = "", length, ...rest] = text.split(":");
  if (length === undefined || rest.length > 0) {
    throw new UsageError(`Cannot read pause "${text}": write it like --pause 1@10s:3s`);
  }
  const { instance, atMs } = parsePlace(place, "--pause 1@10s:3s");
  return [
    { kind: "pause", instance, atMs },
    { kind: "resume", instance, atMs: atMs + parseDurationMs(length) },
  ];
}

/** Reads `5s@15s`: away at 15 s for 5 s. Throws {@linkcode UsageError}. */
export function parseBrokerDrop(text: string): readonly DrillAction[] {
  const [length = "", at, ...rest] = text.split("@");
  if (at === undefined || rest.length > 0) {
    throw new UsageError(`Cannot read broker drop "${text}": write it like --broker-drop 5s@15s`);
  }
  const atMs = parseDurationMs(at);
  return [{ kind: "broker-drop", atMs }, { kind: "broker-back", atMs: atMs + parseDurationMs(length) }];
}

function parsePlace(text: string, example: string): { readonly instance: number; readonly atMs: number } {
  const [instance = "", at, ...rest] = text.split("@");
  if (at === undefined || rest.length > 0) {
    throw new UsageError(`Cannot read "${text}": write instance and time, like ${example}`);
  }
  return { instance: parseCount(instance), atMs: parseDurationMs(at) };
}

/** Each killed instance comes back a little later, as under a supervisor. */
export function restartsOf(actions: readonly DrillAction[]): readonly DrillAction[] {
  return actions.flatMap((action) =>
    action.kind === "kill"
      ? [{ kind: "restart", instance: action.instance, atMs: action.atMs + RESTART_AFTER_MS } as const]
      : []
  );
}

/** Puts actions in order and checks them against the cluster and the run. Throws {@linkcode UsageError}. */
export function planDrill(
  actions: readonly DrillAction[],
  { instances, durationMs }: { readonly instances: number; readonly durationMs: number },
): readonly DrillAction[] {
  if (actions.length === 0) {
    throw new UsageError(
      "A drill needs something to do: --kill 2@10s, --pause 1@10s:3s or --broker-drop 5s@15s",
    );
  }
  const stranger = actions.find((action) => "instance" in action && action.instance > instances);
  if (stranger !== undefined && "instance" in stranger) {
    throw new UsageError(
      `Cannot ${stranger.kind} instance ${stranger.instance}: the cluster has ${instances}`,
    );
  }
  const late = actions.find((action) => action.atMs >= durationMs);
  if (late !== undefined) {
    throw new UsageError(
      `Cannot ${late.kind} at ${late.atMs / 1_000} s: the run is over at ${
        durationMs / 1_000
      } s; raise --duration`,
    );
  }
  const ordered = actions.toSorted((a, b) => a.atMs - b.atMs);
  refuseImpossible(ordered);
  return ordered;
}

/** Only what is down can come back, and only what is up can go. */
function refuseImpossible(ordered: readonly DrillAction[]): void {
  const down = new Set<number>();
  for (const action of ordered) {
    if (action.kind === "kill" || action.kind === "pause") {
      if (down.has(action.instance)) {
        throw new UsageError(
          `Cannot ${action.kind} instance ${action.instance} at ${action.atMs / 1_000} s: it is down`,
        );
      }
      down.add(action.instance);
    } else if (action.kind === "restart" || action.kind === "resume") {
      if (!down.delete(action.instance)) {
        throw new UsageError(
          `Cannot restart instance ${action.instance} at ${action.atMs / 1_000} s: it is not down`,
        );
      }
    }
  }
}

/** An action in a few words. */
export function describeAction(action: DrillAction): string {
  return "instance" in action ? `${action.kind} ${action.instance}` : action.kind;
}

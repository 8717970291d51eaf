/** The life of one node as its supervisor sees it: pure decisions, no process and no clock. */

/** How long things may take and how often they may fail. */
export interface LifecyclePolicy {
  /** Wait before the first restart; it doubles with each further one. */
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  /** A node that was ready for this long is steady: what it did before no longer counts. */
  readonly steadyAfterMs: number;
  /** This many early crashes within `loopWithinMs` are a loop. */
  readonly loopCrashes: number;
  readonly loopWithinMs: number;
  /** How long a start may take without an answer to HTTP. */
  readonly answerWithinMs: number;
  /** How long a drain may take. */
  readonly drainWithinMs: number;
  /** A node that is to take another's place, or a new one, is given up when it is not ready by then. */
  readonly readyWithinMs: number;
}

/** The policy of `deno task cluster`. */
export const defaultPolicy: LifecyclePolicy = {
  firstBackoffMs: 250,
  maxBackoffMs: 10_000,
  steadyAfterMs: 30_000,
  loopCrashes: 5,
  loopWithinMs: 60_000,
  answerWithinMs: 30_000,
  drainWithinMs: 45_000,
  readyWithinMs: 30_000,
};

/** What a drain is for. */
export type DrainPurpose = "end" | "replace";

/** Why a node is not coming back. `looping`: it crashed too often; `refused`: it cannot run with this configuration. */
export type StopCause = "ended" | "looping" | "refused";

/** Where a node stands. Times are monotonic milliseconds; `crashesMs` are crashes since the node was last steady. */
export type NodeState =
  | { readonly state: "starting"; readonly sinceMs: number; readonly crashesMs: readonly number[] }
  | { readonly state: "ready"; readonly sinceMs: number; readonly crashesMs: readonly number[] }
  | {
    readonly state: "draining";
    readonly purpose: DrainPurpose;
    /** True when a replacement was due so soon after the start that it counts as a crash. */
    readonly isEarly: boolean;
    readonly crashesMs: readonly number[];
  }
  | { readonly state: "backoff"; readonly waitMs: number; readonly crashesMs: readonly number[] }
  | { readonly state: "stopped"; readonly cause: StopCause };

/** What happened to a node. */
export type NodeEvent =
  | { readonly event: "readied" }
  | { readonly event: "exited"; readonly willNeverRun: boolean }
  /** The wait asked for by the last `wake` is over. */
  | { readonly event: "woke"; readonly isAnswering: boolean }
  | { readonly event: "drain"; readonly purpose: DrainPurpose }
  | { readonly event: "kill" };

/** What the supervisor has to do. */
export type NodeEffect =
  | { readonly effect: "spawn" }
  | { readonly effect: "signal"; readonly signal: "SIGTERM" | "SIGKILL" }
  /** Send `woke` after that time, in place of any earlier wake. */
  | { readonly effect: "wake"; readonly afterMs: number };

/** A new state and what it takes to get there. */
export interface NodeDecision {
  readonly state: NodeState;
  readonly effects: readonly NodeEffect[];
}

/** What a decision may look at beside state and event. */
export interface DecisionContext {
  /** Monotonic clock, milliseconds. */
  readonly nowMs: number;
  /** A number from 0 to 1, for jitter. */
  readonly random: number;
  readonly policy: LifecyclePolicy;
}

/** The first decision about a node: start it. */
export function begin(context: DecisionContext): NodeDecision {
  return spawn([], context);
}

/** Decides what `event` means for a node in `state`. Events that do not matter any more change nothing. */
export function decide(state: NodeState, event: NodeEvent, context: DecisionContext): NodeDecision {
  switch (state.state) {
    case "starting":
      return whileStarting(state, event, context);
    case "ready":
      return whileReady(state, event, context);
    case "draining":
      return whileDraining(state, event, context);
    case "backoff":
      return whileWaiting(state, event, context);
    case "stopped":
      return { state, effects: [] };
    default:
      return state satisfies never;
  }
}

type StateNamed<Name extends NodeState["state"]> = Extract<NodeState, { readonly state: Name }>;

function whileStarting(
  state: StateNamed<"starting">,
  event: NodeEvent,
  context: DecisionContext,
): NodeDecision {
  const { nowMs, policy } = context;
  switch (event.event) {
    case "readied":
      return { state: { state: "ready", sinceMs: nowMs, crashesMs: state.crashesMs }, effects: [] };
    case "exited":
      if (event.willNeverRun) return stopped("refused");
      return crashed(state.crashesMs, context);
    case "woke":
      // One that answers but is not ready waits for something (Redis): killing it would not bring that back.
      if (event.isAnswering) return { state, effects: [wake(policy.answerWithinMs)] };
      return { state, effects: [kill] };
    case "drain":
      return event.purpose === "end" ? drain(state.crashesMs, "end", context) : { state, effects: [] };
    case "kill":
      return killed(state.crashesMs);
  }
}

function whileReady(state: StateNamed<"ready">, event: NodeEvent, context: DecisionContext): NodeDecision {
  const isSteady = context.nowMs - state.sinceMs >= context.policy.steadyAfterMs;
  const crashesMs = isSteady ? [] : state.crashesMs;
  switch (event.event) {
    case "exited":
      return crashed(crashesMs, context);
    case "drain":
      return drain(crashesMs, event.purpose, context, event.purpose === "replace" && !isSteady);
    case "kill":
      return killed(crashesMs);
    case "readied":
    case "woke":
      return { state, effects: [] };
  }
}

function whileDraining(
  state: StateNamed<"draining">,
  event: NodeEvent,
  context: DecisionContext,
): NodeDecision {
  switch (event.event) {
    case "exited":
      if (state.purpose === "end") return stopped("ended");
      return state.isEarly ? crashed(state.crashesMs, context) : spawn(state.crashesMs, context);
    case "woke":
      return { state, effects: [kill] };
    case "drain":
      if (event.purpose === "replace" || state.purpose === "end") return { state, effects: [] };
      // Another SIGTERM would read as "at once"; the drain under way goes on with its whole time.
      return { state: { ...state, purpose: "end" }, effects: [wake(context.policy.drainWithinMs)] };
    case "kill":
      return killed(state.crashesMs);
    case "readied":
      return { state, effects: [] };
  }
}

function whileWaiting(
  state: StateNamed<"backoff">,
  event: NodeEvent,
  context: DecisionContext,
): NodeDecision {
  switch (event.event) {
    case "woke":
      return spawn(state.crashesMs, context);
    case "kill":
      return stopped("ended");
    case "drain":
      return event.purpose === "end" ? stopped("ended") : { state, effects: [] };
    case "readied":
    case "exited":
      return { state, effects: [] };
  }
}

const kill: NodeEffect = { effect: "signal", signal: "SIGKILL" };

function wake(afterMs: number): NodeEffect {
  return { effect: "wake", afterMs };
}

function stopped(cause: StopCause): NodeDecision {
  return { state: { state: "stopped", cause }, effects: [] };
}

function spawn(crashesMs: readonly number[], { nowMs, policy }: DecisionContext): NodeDecision {
  return {
    state: { state: "starting", sinceMs: nowMs, crashesMs },
    effects: [{ effect: "spawn" }, wake(policy.answerWithinMs)],
  };
}

function drain(
  crashesMs: readonly number[],
  purpose: DrainPurpose,
  { policy }: DecisionContext,
  isEarly = false,
): NodeDecision {
  return {
    state: { state: "draining", purpose, isEarly, crashesMs },
    effects: [{ effect: "signal", signal: "SIGTERM" }, wake(policy.drainWithinMs)],
  };
}

function killed(crashesMs: readonly number[]): NodeDecision {
  return { state: { state: "draining", purpose: "end", isEarly: false, crashesMs }, effects: [kill] };
}

function crashed(earlierMs: readonly number[], context: DecisionContext): NodeDecision {
  const { nowMs, policy } = context;
  const recentMs = [...earlierMs, nowMs].filter((atMs) => nowMs - atMs <= policy.loopWithinMs);
  if (recentMs.length >= policy.loopCrashes) return stopped("looping");
  // All crashes since the node was steady lengthen the wait, also those too old to count as a loop.
  const crashesMs = [...earlierMs, nowMs].slice(-MAX_CRASHES);
  const waitMs = backoffMs(crashesMs.length, context);
  return { state: { state: "backoff", waitMs, crashesMs }, effects: [wake(waitMs)] };
}

/** Enough to reach the longest wait; the list must not grow for ever. */
const MAX_CRASHES = 32;

/** Up to a fifth is taken off by chance, so that nodes which fell together do not come back together. */
function backoffMs(crashes: number, { random, policy }: DecisionContext): number {
  const full = Math.min(policy.firstBackoffMs * 2 ** (crashes - 1), policy.maxBackoffMs);
  return Math.round(full * (1 - random / 5));
}

/**
 * Who is dead: the decision of one node about the others, from what its beats tell it. Pure; `server/membership.ts`
 * does the waiting and acting.
 *
 * The rules guard against a judge that is itself the one in trouble. A node judges only after it has beaten without a
 * gap for a while against the same backend, stays silent after anything that makes the backend's clock or memory
 * doubtful, and pauses when most of the cluster looks dead at once, since that is likelier a fault of its own view.
 */
import type { NodeId } from "./ids.ts";

/** Limits of the decision, all in milliseconds. */
export interface MembershipOptions {
  /** Silent for longer than this without a listener on two looks: dead. */
  readonly suspectAfterMs: number;
  /** Silent for longer than this: dead, whatever else. */
  readonly deadAfterMs: number;
  /** The two looks at a missing listener lie at least this far apart. */
  readonly secondLookMs: number;
  /** A judge must have beaten without a gap for this long. */
  readonly streakMs: number;
  /** A gap: more than this between two of our own beats. */
  readonly gapMs: number;
  /** How long judging pauses after a change that makes the view doubtful. */
  readonly pauseMs: number;
  /** A step of the backend's clock against ours beyond this pauses judging. */
  readonly clockStepMs: number;
}

/** The limits that follow from the two of the configuration. */
export function membershipOptions(suspectAfterMs: number, deadAfterMs: number): MembershipOptions {
  return {
    suspectAfterMs,
    deadAfterMs,
    secondLookMs: 500,
    streakMs: deadAfterMs,
    gapMs: suspectAfterMs,
    pauseMs: 2 * deadAfterMs,
    clockStepMs: 1_000,
  };
}

/** A silent node as one beat saw it. */
export interface SuspectLook {
  readonly node: NodeId;
  readonly beatMs: number;
  readonly hasListener: boolean;
}

/**
 * How long after its last acknowledged beat a node may still write state, in milliseconds: it stops before anybody may
 * declare it dead.
 */
export function fenceAfterMs(deadAfterMs: number): number {
  return deadAfterMs * 0.8;
}

/** What one beat saw. */
export interface Look {
  /** Our monotonic clock, milliseconds. */
  readonly monotonicMs: number;
  /** The backend's clock, milliseconds. */
  readonly backendMs: number;
  readonly generation: string;
  readonly nodeCount: number;
  readonly suspects: readonly SuspectLook[];
}

/** What a node remembers between two looks. */
export interface MembershipState {
  readonly last: Look | undefined;
  /** Since when we beat without a gap, on our monotonic clock. */
  readonly streakSinceMs: number;
  /** Judging pauses until then. */
  readonly pausedUntilMs: number;
  /** Whether the pause before was about most nodes looking dead; it is not asked for twice in a row. */
  readonly wasMassPause: boolean;
  /** When a suspect's listener was first seen missing. */
  readonly missingSinceMs: ReadonlyMap<NodeId, number>;
}

/** A node condemned, with the beat it was condemned for: a later beat acquits it. */
export interface Verdict {
  readonly node: NodeId;
  readonly beatMs: number;
}

/** State before the first look. */
export const initialMembership: MembershipState = {
  last: undefined,
  streakSinceMs: 0,
  pausedUntilMs: 0,
  wasMassPause: false,
  missingSinceMs: new Map(),
};

/** Takes one look into account and says which nodes are dead. */
export function judge(
  state: MembershipState,
  look: Look,
  options: MembershipOptions,
): { readonly state: MembershipState; readonly dead: readonly Verdict[] } {
  const seen = observe(state, look, options);
  const mayJudge = look.monotonicMs - seen.streakSinceMs >= options.streakMs &&
    look.monotonicMs >= seen.pausedUntilMs;
  if (!mayJudge) return { state: seen, dead: [] };
  const dead = look.suspects.filter((suspect) => isDead(suspect, seen, look, options));
  if (dead.length * 2 > look.nodeCount && !seen.wasMassPause) {
    return {
      state: { ...seen, pausedUntilMs: look.monotonicMs + options.pauseMs, wasMassPause: true },
      dead: [],
    };
  }
  const wasMassPause = seen.wasMassPause && look.suspects.length > 0;
  return { state: { ...seen, wasMassPause }, dead: dead.map(({ node, beatMs }) => ({ node, beatMs })) };
}

function observe(state: MembershipState, look: Look, options: MembershipOptions): MembershipState {
  const { last } = state;
  const hasGap = last === undefined || look.monotonicMs - last.monotonicMs > options.gapMs;
  const isDoubtful = last !== undefined &&
    (last.generation !== look.generation || hasStepped(last, look, options));
  return {
    ...state,
    last: look,
    streakSinceMs: hasGap || isDoubtful ? look.monotonicMs : state.streakSinceMs,
    pausedUntilMs: isDoubtful ? look.monotonicMs + options.pauseMs : state.pausedUntilMs,
    missingSinceMs: missingListeners(state.missingSinceMs, look),
  };
}

function hasStepped(last: Look, look: Look, options: MembershipOptions): boolean {
  const drift = (look.backendMs - last.backendMs) - (look.monotonicMs - last.monotonicMs);
  return Math.abs(drift) > options.clockStepMs;
}

function missingListeners(before: ReadonlyMap<NodeId, number>, look: Look): ReadonlyMap<NodeId, number> {
  const missing = look.suspects.filter((suspect) => !suspect.hasListener);
  return new Map(missing.map(({ node }) => [node, before.get(node) ?? look.monotonicMs]));
}

function isDead(
  suspect: SuspectLook,
  state: MembershipState,
  look: Look,
  options: MembershipOptions,
): boolean {
  const silentMs = look.backendMs - suspect.beatMs;
  if (silentMs > options.deadAfterMs) return true;
  const missingSinceMs = state.missingSinceMs.get(suspect.node);
  if (silentMs <= options.suspectAfterMs || missingSinceMs === undefined) return false;
  return look.monotonicMs - missingSinceMs >= options.secondLookMs;
}

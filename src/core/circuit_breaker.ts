/** When to stop asking a peer that keeps failing, and when to try again. Pure: states are values, time comes in. */

/** How much failing is too much. */
export interface BreakerOptions {
  /** So many failures one after the other open the circuit. */
  readonly maxFailures: number;
  /** An open circuit lets nobody through for so long, milliseconds. */
  readonly openMs: number;
}

/** `closed`: all pass; `open`: nobody does before `untilMs`; `probing`: one is under way to see how it goes. */
export type BreakerState =
  | { readonly state: "closed"; readonly failures: number }
  | { readonly state: "open"; readonly untilMs: number }
  | { readonly state: "probing"; readonly sinceMs: number };

/** Nothing has failed yet. */
export const closedBreaker: BreakerState = { state: "closed", failures: 0 };

/** Whether a call may go out at `nowMs`; when it may, `state` is the one after it went. */
export function admit(
  state: BreakerState,
  nowMs: number,
  { openMs }: BreakerOptions,
): { readonly isAdmitted: boolean; readonly state: BreakerState } {
  switch (state.state) {
    case "closed":
      return { isAdmitted: true, state };
    case "open":
      if (nowMs < state.untilMs) return { isAdmitted: false, state };
      return { isAdmitted: true, state: { state: "probing", sinceMs: nowMs } };
    case "probing":
      // A probe that was never heard of again must not close the way for good.
      if (nowMs < state.sinceMs + openMs) return { isAdmitted: false, state };
      return { isAdmitted: true, state: { state: "probing", sinceMs: nowMs } };
    default:
      return state satisfies never;
  }
}

/** The state after a call that went well. */
export function succeeded(): BreakerState {
  return closedBreaker;
}

/** The state after a call that failed at `nowMs`. */
export function failed(state: BreakerState, nowMs: number, options: BreakerOptions): BreakerState {
  if (state.state === "open") return state;
  const failures = state.state === "closed" ? state.failures + 1 : options.maxFailures;
  if (failures < options.maxFailures) return { state: "closed", failures };
  return { state: "open", untilMs: nowMs + options.openMs };
}

/** The only file that reads the system's clocks; all else is told the time. */
export interface Clock {
  /** Wall clock, milliseconds since 1970; may step. For people and records, never for a deadline. */
  wallMs(): number;
  /** Monotonic clock, milliseconds since some start; never steps. For deadlines, ages and rates. */
  monotonicMs(): number;
}

/** The system's clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** How the wait before a new attempt grows, in milliseconds. */
export interface BackoffOptions {
  /** Wait before the first retry. */
  readonly baseMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
}

/**
 * How long to wait before retry number `attempt` (0 is the first), in milliseconds: doubling from `baseMs` up to
 * `maxMs`, of which the second half is chance, so that many clients of one broken server do not come back together.
 * `fraction`: a random number from 0 up to 1.
 */
export function backoffMs(attempt: number, options: BackoffOptions, fraction: number): number {
  const fullMs = Math.min(options.maxMs, options.baseMs * 2 ** Math.max(0, attempt));
  return fullMs / 2 + fraction * fullMs / 2;
}

/** A random number from 0 up to 1, for jitter; not for secrets. */
export function randomFraction(): number {
  return Math.random();
}

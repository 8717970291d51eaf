/** Waits with a deadline that an interruption shortens. */

/** What {@linkcode waitForEvent} needs. */
export interface DeadlineWait {
  /** Called with what ends the wait. */
  readonly arm: (onEvent: () => void) => void;
  readonly signal: AbortSignal;
  /** Longest wait, and what is left of it from an abort on, milliseconds. */
  readonly maxMs: number;
  readonly abortedMs: number;
}

/** Resolves at the event, at the latest when the time is over. */
export async function waitForEvent({ arm, signal, maxMs, abortedMs }: DeadlineWait): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timers = [setTimeout(resolve, signal.aborted ? abortedMs : maxMs)];
  const cutShort = () => void timers.push(setTimeout(resolve, abortedMs));
  signal.addEventListener("abort", cutShort, { once: true });
  arm(resolve);
  await promise;
  signal.removeEventListener("abort", cutShort);
  timers.forEach((timer) => clearTimeout(timer));
}

/** Waits `ms`; an abort ends it at once. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await waitForEvent({ arm: () => {}, signal, maxMs: ms, abortedMs: 0 });
}

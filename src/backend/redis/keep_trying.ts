import { backoffMs, randomFraction } from "../../core/backoff.ts";

const RETRY = { baseMs: 50, maxMs: 1_000 };

/**
 * Calls `once`, which must not reject, until `signal` aborts. The wait between two calls grows, with chance in it, until
 * a call answers true: it had come to something.
 */
export async function keepTrying(once: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    if (await once()) attempt = 0;
    if (!signal.aborted) await sleep(backoffMs(attempt, RETRY, randomFraction()), signal);
  }
}

/** Waits; ends early when `signal` aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
  });
}

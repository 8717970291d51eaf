/** Waiting in tests: for a time, for a fact that sends no event, and for one that does. */

/** Looks are far apart at last, since one may cost a process, and close at first, since most facts are soon true. */
const LOOK_EVERY_MS = 25;
const FIRST_LOOK_MS = 2;

/** Waits `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What `work` comes to. Rejects when that takes longer than `withinMs`, so that a test that would hang says at what. */
export async function inTime<T>(what: string, work: Promise<T>, withinMs = 10_000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = new Error(`Waited ${withinMs} ms in vain for ${what}`);
  const timer = setTimeout(() => late.reject(error), withinMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for a fact that sends no event, such as one about another process. Answers how many milliseconds that took;
 * throws after `withinMs`.
 */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 5_000,
): Promise<number> {
  const startMs = performance.now();
  let lookMs = FIRST_LOOK_MS;
  while (!await isTrue()) {
    if (performance.now() - startMs > withinMs) throw new Error(`Waited ${withinMs} ms in vain: ${what}`);
    await pause(lookMs);
    lookMs = Math.min(LOOK_EVERY_MS, lookMs * 2);
  }
  return Math.round(performance.now() - startMs);
}

/** Waits for facts of an object that calls {@linkcode Waiters.wake} whenever one may have come true. */
export class Waiters {
  readonly #looks = new Set<() => void>();

  /** Lets all who wait look again. */
  wake(): void {
    for (const look of this.#looks) look();
  }

  /**
   * Waits until `isTrue`, and answers how many milliseconds that took. Rejects with `what` after `withinMs`, and with
   * whatever `isTrue` throws.
   */
  until(what: () => string, isTrue: () => boolean, withinMs: number): Promise<number> {
    const startMs = performance.now();
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#looks.delete(look);
        settle();
      };
      const look = () => {
        try {
          if (isTrue()) finish(() => resolve(Math.round(performance.now() - startMs)));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const late = () => reject(new Error(`Waited ${withinMs} ms in vain for ${what()}`));
      const timer = setTimeout(() => finish(late), withinMs);
      this.#looks.add(look);
      look();
    });
  }
}

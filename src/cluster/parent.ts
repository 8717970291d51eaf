/** Notices that the task runner that started this process is gone. */

const EVERY_MS = 1_000;

/**
 * Calls `onGone` once when this process gets another parent, at most 1 s late, until the returned function is called.
 * A look every second, since the system sends no event to a child; only for a parent that waits for us anyway: a
 * shell that put us into the background may leave in good order.
 */
export function watchParent(onGone: () => void): () => void {
  const parent = Deno.ppid;
  const timer = setInterval(() => {
    if (Deno.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, EVERY_MS);
  return () => clearInterval(timer);
}

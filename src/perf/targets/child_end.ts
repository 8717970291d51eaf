/** Signals to processes of ours, which may have ended already. */

/** Asks `child` to end, and makes it after `withinMs`. Resolves when it has ended. */
export async function endChild(child: Deno.ChildProcess, withinMs: number): Promise<void> {
  signalChild(child, "SIGTERM");
  const timer = setTimeout(() => signalChild(child, "SIGKILL"), withinMs);
  await child.status;
  clearTimeout(timer);
}

/** Sends `signal`; a process that has ended does not mind. */
export function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

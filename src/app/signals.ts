/** Under a task runner one Ctrl-C arrives twice within a millisecond: only a later one is a second one. */
const SECOND_SIGNAL_MS = 1_000;

/** What signals do. */
export interface SignalActions {
  first(signal: string): void;
  /** A signal came again more than a second later: somebody is impatient. */
  again(signal: string): void;
}

/** Watches SIGTERM, and SIGINT and SIGHUP unless a supervisor takes care of those: they reach the whole group. */
export function onSignals(actions: SignalActions, isSupervised = false): void {
  let firstMs: number | undefined;
  const take = (signal: Deno.Signal) => {
    const now = performance.now();
    if (firstMs === undefined) {
      firstMs = now;
      actions.first(signal);
    } else if (now - firstMs > SECOND_SIGNAL_MS) actions.again(signal);
  };
  const isWindows = Deno.build.os === "windows"; // knows neither SIGTERM nor a SIGHUP that can be watched
  if (!isWindows) Deno.addSignalListener("SIGTERM", () => take("SIGTERM"));
  for (const signal of isWindows ? ["SIGINT"] as const : ["SIGINT", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, isSupervised ? () => {} : () => take(signal));
  }
}

/** Resolves when standard input ends: the other end of the pipe is gone. */
export async function endOfStdin(): Promise<void> {
  const buffer = new Uint8Array(256);
  while (await Deno.stdin.read(buffer) !== null);
}

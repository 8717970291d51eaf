/** What a signal to the supervisor means. */

/** What a signal asks for. */
export type SignalVerdict = "end" | "ignore" | "kill";

/** What SIGHUP means: the terminal is gone, or, where there never was one, that the configuration has changed. */
export type HangupMeaning = "end" | "reload";

/** Under a task runner one Ctrl-C arrives twice within a millisecond: only a later one is meant. */
const SECOND_AFTER_MS = 1_000;

/** Judges a signal at `nowMs`, monotonic, when the first one came at `firstMs`. */
export function judgeSignal(firstMs: number | undefined, nowMs: number): SignalVerdict {
  if (firstMs === undefined) return "end";
  return nowMs - firstMs > SECOND_AFTER_MS ? "kill" : "ignore";
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGTERM", "SIGINT", "SIGHUP"];

/** What is done about signals. None may throw. */
export interface SignalActions {
  end(signal: Deno.Signal): void;
  kill(signal: Deno.Signal): void;
  reload(): void;
}

/** Watches signals until the returned function is called. */
export function watchSignals(hangup: HangupMeaning, actions: SignalActions): () => void {
  let firstMs: number | undefined;
  const take = (signal: Deno.Signal) => {
    if (signal === "SIGHUP" && hangup === "reload") return actions.reload();
    const nowMs = performance.now();
    const verdict = judgeSignal(firstMs, nowMs);
    firstMs ??= nowMs;
    if (verdict !== "ignore") actions[verdict](signal);
  };
  const listeners = SIGNALS.map((signal) => ({ signal, listener: () => take(signal) }));
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  };
}

/** True when this process was started from a terminal, even if some of its streams lead elsewhere. */
export function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

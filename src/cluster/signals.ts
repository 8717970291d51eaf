/** What a signal to the supervisor means. */

/** What a signal asks for. */
export type SignalVerdict = "end" | "ignore" | "kill";

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

/** Calls `onVerdict` for each signal that asks for something, until the returned function is called. */
export function watchSignals(
  onVerdict: (verdict: "end" | "kill", signal: Deno.Signal) => void,
): () => void {
  let firstMs: number | undefined;
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      const nowMs = performance.now();
      const verdict = judgeSignal(firstMs, nowMs);
      firstMs ??= nowMs;
      if (verdict !== "ignore") onVerdict(verdict, signal);
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  };
}

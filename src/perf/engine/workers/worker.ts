/** One generator process: does the share of the load that its coordinator hands it, and says how it went. */
import type { Clock } from "../../../core/clock.ts";
import { ErrorTally } from "../../truth/error_classes.ts";
import type { LoadOptions } from "../load_options.ts";
import { runTraffic } from "../traffic.ts";
import { type FromWorker, messageLine, readMessages, type ToWorker } from "./worker_messages.ts";

/** Obeys stdin until the result is out or stdin ends. Answers the exit code. Called once, by the worker's process. */
export async function runWorker(clock: Clock): Promise<number> {
  // A Ctrl-C at the terminal reaches the whole group; the coordinator says what it means.
  const ignore = () => {};
  Deno.addSignalListener("SIGINT", ignore);
  const stop = new AbortController();
  const go = Promise.withResolvers<void>();
  let work: Promise<void> | undefined;
  for await (const message of readMessages<ToWorker>(Deno.stdin.readable)) {
    if (message.kind === "go") go.resolve();
    else if (message.kind === "stop") stop.abort();
    else work = runShare(message.options, message.phaseMs, { clock, signal: stop.signal, go: go.promise });
    if (message.kind === "stop") go.resolve();
  }
  stop.abort();
  go.resolve();
  await work;
  Deno.removeSignalListener("SIGINT", ignore);
  return 0;
}

interface ShareContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly go: Promise<void>;
}

async function runShare(options: LoadOptions, phaseMs: number, context: ShareContext): Promise<void> {
  const { clock, signal, go } = context;
  const errors = new ErrorTally();
  const outcome = await runTraffic(
    options,
    { clock, signal, onProgress: (progress) => say({ kind: "progress", progress }) },
    {
      errors,
      beganMs: clock.monotonicMs(),
      phaseMs,
      whenAllStand: async () => {
        say({ kind: "standing" });
        await go;
      },
    },
  );
  say({ kind: "result", outcome, errors: errors.rows() });
}

function say(message: FromWorker): void {
  const bytes = messageLine(message);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    // The coordinator is gone: nobody is left to tell.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

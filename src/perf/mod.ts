/**
 * Door of the load tester. What goes where; each folder knows only those above it in this list:
 *
 * - `units.ts`, `usage_error.ts`, `stop_signal.ts`, `without_secrets.ts`: how people write numbers, what a wrong line is,
 *   Ctrl-C, what is kept out of reports.
 * - `scenario/`: what a run does, as plain data: {@linkcode Scenario}, presets, files, payload sizes, patterns.
 * - `truth/`: what may be believed: histograms, ledgers, error classes, the digest of a result, demands, the verdict.
 * - `targets/`: what is measured: a {@linkcode Subject} becomes targets, started if need be; `/stats`, the machine.
 * - `engine/`: generates load: {@linkcode LoadOptions} in, {@linkcode LoadResult} out, both plain data. The types are
 *   `engine.ts`, `load_options.ts`, `load_result.ts`; all else there is how, and nobody outside the folder needs it.
 * - `network/`: proxies of our own that delay or cut what goes through them.
 * - `reports/`: turns a {@linkcode RunReport} into text, files and views, and reads `run.json` again. Pure but for the
 *   writing; a report needs nothing that is not in `run.json`, so that `perf report` can render without a run.
 * - `measure.ts`: one run from subject to RunReport. Experiments call it, or its second half with servers they hold.
 * - `experiments/`: several runs and what they say together: compare, scale, search, drill, plan. Pure statistics in
 *   files of their own.
 * - `commands/`: one file per subcommand, listed in `table.ts`; options shared by all that measure in `load_flags.ts`,
 *   and what becomes of them in `run_request.ts`.
 */
import { systemClock } from "../core/clock.ts";
import { windowSizeOf } from "../core/window_size.ts";
import { type CommandLine, readCommandLine } from "./commands/command_line.ts";
import { runLocally } from "./engine/local_engine.ts";
import { WORKER_COMMAND } from "./engine/workers/coordinator.ts";
import { runWorker } from "./engine/workers/worker.ts";
import type { TextSink } from "./reports/progress_view.ts";
import { StopSignal } from "./stop_signal.ts";

/**
 * `deno task perf`: obeys `args` (without the program's name) and answers the exit code: 0 ok, 1 SLO, 2 usage,
 * 3 correctness, 4 invalid, 5 target lost, 130 interrupted. Listens to SIGINT and SIGTERM while it runs; call it once
 * at a time. Needs net, env, write to the report folder, and run of `cat` and of Deno itself.
 */
export async function runPerf(args: readonly string[]): Promise<number> {
  if (args[0] === WORKER_COMMAND) return await runWorker(systemClock);
  const [out, err] = [sinkOf(Deno.stdout), sinkOf(Deno.stderr)];
  const line = parseLine(args, out, err);
  if (line.kind === "exit") return line.code;
  forgetProxies();
  using stop = new StopSignal(systemClock, () => err.write("\nEnding early; writing what there is...\n"));
  return await line.work({
    clock: systemClock,
    engine: runLocally,
    signal: stop.signal,
    out,
    err,
  });
}

function parseLine(args: readonly string[], out: TextSink, err: TextSink): CommandLine {
  const output = { writeOut: (text: string) => out.write(text), writeErr: (text: string) => err.write(text) };
  return readCommandLine(args, output, newSeed);
}

function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
}

/** A forward proxy between us and the target would be what is measured. */
function forgetProxies(): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
    Deno.env.delete(name);
    Deno.env.delete(name.toLowerCase());
  }
}

const encoder = new TextEncoder();

function sinkOf(stream: typeof Deno.stdout | typeof Deno.stderr): TextSink {
  return {
    isTerminal: stream.isTerminal() && Deno.env.get("TERM") !== "dumb",
    size: () => windowSizeOf(Deno.consoleSize()),
    write: (text) => {
      const bytes = encoder.encode(text);
      for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
    },
  };
}

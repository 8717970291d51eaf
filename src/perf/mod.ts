/** Door of the load tester. */
import { systemClock } from "../core/clock.ts";
import { type CommandLine, readCommandLine } from "./command_line.ts";
import { runLocally } from "./local_engine.ts";
import type { TextSink } from "./progress_view.ts";
import { runCommand } from "./run_command.ts";
import { StopSignal } from "./stop_signal.ts";

/**
 * `deno task perf`: obeys `args` (without the program's name) and answers the exit code: 0 ok, 1 SLO, 2 usage,
 * 3 correctness, 4 invalid, 5 target lost, 130 interrupted. Listens to SIGINT and SIGTERM while it runs; call it once
 * at a time. Needs net, env, write to the report folder, and run of `cat` and of Deno itself.
 */
export async function runPerf(args: readonly string[]): Promise<number> {
  const [out, err] = [sinkOf(Deno.stdout), sinkOf(Deno.stderr)];
  const line = parseLine(args, out, err);
  if (line.kind === "exit") return line.code;
  forgetProxies();
  using stop = new StopSignal(systemClock, () => err.write("\nEnding early; writing what there is...\n"));
  return await runCommand(line.request, {
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
    isTerminal: stream.isTerminal(),
    write: (text) => {
      const bytes = encoder.encode(text);
      for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
    },
  };
}

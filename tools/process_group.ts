/** A program with a process group of its own, so that whatever it has started can be ended together with it. */

/** After a polite signal, this long until the forced one. */
const POLITE_MS = 5_000;

const isWindows = Deno.build.os === "windows";

/** The options of {@linkcode Deno.Command} with which a program leads a group; Windows has none. */
export const ownGroup: Readonly<Pick<Deno.CommandOptions, "detached">> = isWindows ? {} : { detached: true };

/** Ends `child`, started with {@linkcode ownGroup}, and its whole group by force. Safe to call after its end. */
export async function killGroup(child: Deno.ChildProcess): Promise<void> {
  await signalGroup(child, "SIGKILL");
}

/** Asks the group of `child` to end, and ends it by force after five seconds. */
export async function endGroup(child: Deno.ChildProcess): Promise<void> {
  await signalGroup(child, "SIGTERM");
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(deadline.resolve, POLITE_MS);
  await Promise.race([child.status, deadline.promise]);
  clearTimeout(timer);
  await killGroup(child);
}

/**
 * A signal to a group wants the right to run everything, so that another Deno sends it: whoever may start Deno may do
 * that.
 */
async function signalGroup(child: Deno.ChildProcess, signal: Deno.Signal): Promise<void> {
  if (isWindows) return child.kill();
  // No such group: all have ended.
  const code = `try { Deno.kill(${-child.pid}, "${signal}") } catch { Deno.exit(1) }`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", code], stdout: "null", stderr: "null" })
    .output();
}

/** Calls `act` when somebody ends this process, which its groups do not hear of; dispose of it to stop listening. */
export function onEndSignals(act: () => void): Disposable {
  const signals: readonly Deno.Signal[] = isWindows ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, act);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, act);
    },
  };
}

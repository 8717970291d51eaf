/** Servers that the load tester starts as a user would, and ends when it is done. */
import { fileURLToPath } from "node:url";
import { WATCH_PARENT_VARIABLE } from "../../core/supervision.ts";
import { UsageError } from "../usage_error.ts";
import { endChild } from "./child_end.ts";
import { findFreePorts } from "./free_ports.ts";
import { redisTrouble } from "./redis_reach.ts";
import { splitCommand } from "./split_command.ts";
import { StartError } from "./start_error.ts";
import { accepts, findRunning, localTarget, type Target } from "./target.ts";

const READY_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 100;
const END_WITHIN_MS = 20_000;
const KEPT_OUTPUT_CHARS = 4_000;

/** Servers of our own. Dispose them to end them. */
export interface StartedServer extends AsyncDisposable {
  readonly targets: readonly Target[];
  readonly pid: number;
}

interface StartPlan {
  readonly name: string;
  readonly command: Deno.Command;
  readonly targets: readonly Target[];
  readonly isReady: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Starts `instances` nodes on free ports and waits until all are ready. Rejects with {@linkcode StartError}. */
export async function startCluster(
  options: { readonly instances: number; readonly redis: string | undefined; readonly signal: AbortSignal },
): Promise<StartedServer> {
  const { instances, redis, signal } = options;
  const trouble = redis === undefined ? undefined : await redisTrouble(redis, signal);
  if (trouble !== undefined) throw new StartError(trouble);
  const port = findFreePorts(instances);
  const targets = Array.from({ length: instances }, (_, at) => localTarget(port + at));
  // Not as an argument: the URL may hold a password, and arguments are public.
  const env: Record<string, string> = redis === undefined ? {} : { REDIS_URL: redis };
  const args = ["cluster", "--instances", String(instances), "--port", String(port), "--shared-port", "0"];
  const command = shoalCommand(args, env);
  return await start({ name: "The cluster", command, targets, isReady: () => areReady(targets), signal });
}

/** Starts one node on a free port, alone. Rejects with {@linkcode StartError}. */
export async function startStandalone(signal: AbortSignal): Promise<StartedServer> {
  const port = findFreePorts(1);
  const targets = [localTarget(port)];
  const command = shoalCommand(["start", "--port", String(port)], {});
  return await start({ name: "The node", command, targets, isReady: () => areReady(targets), signal });
}

/** Starts any program and waits until all `targets` accept connections. Rejects with {@linkcode StartError}. */
export async function startCommand(
  text: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<StartedServer> {
  const [program = "", ...args] = splitCommand(text);
  const busy = (await Promise.all(targets.map(accepts))).indexOf(true);
  if (busy >= 0) {
    throw new UsageError(`Cannot start "${text}": something listens on ${targets[busy]?.instance} already`);
  }
  const command = new Deno.Command(program, { args, ...quiet });
  const isReady = async () => (await Promise.all(targets.map(accepts))).every((does) => does);
  return await start({ name: `"${program}"`, command, targets, isReady, signal });
}

const quiet = {
  // Ends only through us: a Ctrl-C on the terminal reaches our whole group, and we stop the load first.
  detached: Deno.build.os !== "windows",
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
} as const;

function shoalCommand(args: readonly string[], env: Readonly<Record<string, string>>): Deno.Command {
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const tree = fileURLToPath(new URL("../../..", import.meta.url));
  const files = [`--allow-read=${tree},.shoal`, "--allow-write=.shoal"];
  const permissions = ["--allow-net", "--allow-env", ...files, `--allow-run=${Deno.execPath()},cat`];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--unstable-net", ...permissions, main, ...args],
    ...quiet,
    // So that it ends, too, when we are killed outright.
    env: { ...env, [WATCH_PARENT_VARIABLE]: "1" },
  });
}

async function start(plan: StartPlan): Promise<StartedServer> {
  const child = spawn(plan);
  const output = new OutputTail(child);
  const server = { targets: plan.targets, pid: child.pid, [Symbol.asyncDispose]: () => end(child, output) };
  try {
    await waitUntilReady(plan, child);
    return server;
  } catch (error) {
    await end(child, output);
    if (!(error instanceof StartError) || plan.signal.aborted) throw error;
    throw new StartError(`${error.message}\n${output.text()}`.trimEnd());
  }
}

function spawn(plan: StartPlan): Deno.ChildProcess {
  try {
    return plan.command.spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new UsageError(
        `Cannot start ${plan.name}: the perf task may run Deno and cat only. ` +
          "Use the task that may run any program: deno task perf:any ...",
      );
    }
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      throw new UsageError(`Cannot start ${plan.name}: ${error.message}`);
    }
    throw error;
  }
}

async function areReady(targets: readonly Target[]): Promise<boolean> {
  const running = await findRunning(targets);
  return running.length === targets.length && running.every(({ health }) => health.status === 200);
}

async function waitUntilReady(plan: StartPlan, child: Deno.ChildProcess): Promise<void> {
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const attempts = Math.ceil(READY_WITHIN_MS / ASK_EVERY_MS);
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (plan.signal.aborted) {
      throw new StartError(`Interrupted while ${plan.name.replace(/^T/, "t")} started`);
    }
    if (hasEnded) throw new StartError(`${plan.name} ended before it was ready`);
    if (await plan.isReady()) return;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  throw new StartError(`${plan.name} was not ready within ${READY_WITHIN_MS / 1_000} s`);
}

async function end(child: Deno.ChildProcess, output: OutputTail): Promise<void> {
  await endChild(child, END_WITHIN_MS);
  await output.ended;
}

/** Keeps the last words of a process, and reads the rest away so that it never blocks on a full pipe. */
class OutputTail {
  readonly ended: Promise<unknown>;
  #text = "";

  constructor(child: Deno.ChildProcess) {
    this.ended = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]);
  }

  text(): string {
    return this.#text;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text = (this.#text + text).slice(-KEPT_OUTPUT_CHARS);
    }
  }
}

/** A cluster that the load tester starts as a user would, and ends when it is done. */
import { fileURLToPath } from "node:url";
import { WATCH_PARENT_VARIABLE } from "../core/supervision.ts";
import { findRunning, localTarget, type Target } from "./target.ts";

const READY_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 100;
const END_WITHIN_MS = 20_000;
const KEPT_OUTPUT_CHARS = 4_000;
/** Below the range from which the system picks ports of outgoing connections. */
const FIRST_PORT = 18_080;
const LAST_PORT = 28_000;

/** The cluster did not come up. */
export class ClusterStartError extends Error {
  override readonly name = "ClusterStartError";
}

/** What {@linkcode startCluster} needs. */
export interface OwnClusterOptions {
  readonly instances: number;
  /** Redis URL; none for the embedded hub. */
  readonly redis: string | undefined;
  readonly signal: AbortSignal;
}

/** A running cluster of our own. */
export interface OwnCluster extends AsyncDisposable {
  readonly targets: readonly Target[];
  readonly pid: number;
}

/** Starts nodes on free ports and waits until all are ready. Rejects with {@linkcode ClusterStartError}. */
export async function startCluster(options: OwnClusterOptions): Promise<OwnCluster> {
  const port = findFreePorts(options.instances);
  const child = spawnCluster(options, port);
  const output = new OutputTail(child);
  const targets = Array.from({ length: options.instances }, (_, at) => localTarget(port + at));
  const cluster = { targets, pid: child.pid, [Symbol.asyncDispose]: () => endCluster(child, output) };
  try {
    await waitUntilReady(targets, child, options.signal);
    return cluster;
  } catch (error) {
    await endCluster(child, output);
    if (!(error instanceof ClusterStartError)) throw error;
    throw new ClusterStartError(`${error.message}\n${output.text()}`.trimEnd());
  }
}

function spawnCluster(options: OwnClusterOptions, port: number): Deno.ChildProcess {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const tree = fileURLToPath(new URL("../..", import.meta.url));
  const files = [`--allow-read=${tree},.shoal`, "--allow-write=.shoal"];
  const permissions = ["--allow-net", "--allow-env", ...files, `--allow-run=${Deno.execPath()},cat`];
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--unstable-net", ...permissions, main, "cluster"],
      ...["--instances", String(options.instances), "--port", String(port), "--shared-port", "0"],
    ],
    // Ends only through us: a Ctrl-C on the terminal reaches our whole group, and we stop the load first.
    detached: Deno.build.os !== "windows",
    env: {
      // So that it ends, too, when we are killed outright.
      [WATCH_PARENT_VARIABLE]: "1",
      // Not as an argument: the URL may hold a password, and arguments are public.
      ...(options.redis === undefined ? {} : { REDIS_URL: options.redis }),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return command.spawn();
}

/** The first of `count` neighbouring ports that nobody has. */
export function findFreePorts(count: number): number {
  for (let port = FIRST_PORT; port + count <= LAST_PORT; port += count) {
    if (Array.from({ length: count }, (_, at) => port + at).every(isFree)) return port;
  }
  throw new ClusterStartError(
    `No ${count} neighbouring ports are free between ${FIRST_PORT} and ${LAST_PORT}`,
  );
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

async function waitUntilReady(
  targets: readonly Target[],
  child: Deno.ChildProcess,
  signal: AbortSignal,
): Promise<void> {
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const attempts = Math.ceil(READY_WITHIN_MS / ASK_EVERY_MS);
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (signal.aborted) throw new ClusterStartError("Interrupted while the cluster started");
    if (hasEnded) throw new ClusterStartError("The cluster ended before it was ready");
    const running = await findRunning(targets);
    if (running.length === targets.length && running.every(({ health }) => health.status === 200)) return;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  throw new ClusterStartError(`The cluster was not ready within ${READY_WITHIN_MS / 1_000} s`);
}

async function endCluster(child: Deno.ChildProcess, output: OutputTail): Promise<void> {
  signalChild(child, "SIGTERM");
  const timer = setTimeout(() => signalChild(child, "SIGKILL"), END_WITHIN_MS);
  await child.status;
  clearTimeout(timer);
  await output.ended;
}

function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended already, which is what we want.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
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

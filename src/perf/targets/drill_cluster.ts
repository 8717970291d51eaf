/** Nodes that are children of ours, one by one, so that each can be killed, paused and started again. */
import { fileURLToPath } from "node:url";
import { SUPERVISED_VARIABLE } from "../../core/supervision.ts";
import { endChild, signalChild } from "./child_end.ts";
import { findFreePorts } from "./free_ports.ts";
import { StartError } from "./start_error.ts";
import { redisTrouble } from "./redis_reach.ts";
import { localTarget, probe, type Target } from "./target.ts";

const READY_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 100;
const END_WITHIN_MS = 10_000;

/** A cluster under drill. Dispose it to end all nodes. */
export class DrillCluster implements AsyncDisposable {
  readonly targets: readonly Target[];
  readonly #redisUrl: string;
  readonly #nodes: (Deno.ChildProcess | undefined)[] = [];

  private constructor(targets: readonly Target[], redisUrl: string) {
    this.targets = targets;
    this.#redisUrl = redisUrl;
  }

  /** Starts `instances` nodes on free ports and waits until all are ready. Rejects with {@linkcode StartError}. */
  static async start(instances: number, redisUrl: string, signal: AbortSignal): Promise<DrillCluster> {
    const trouble = await redisTrouble(redisUrl, signal);
    if (trouble !== undefined) throw new StartError(trouble);
    const port = findFreePorts(instances);
    const targets = Array.from({ length: instances }, (_, at) => localTarget(port + at));
    const cluster = new DrillCluster(targets, redisUrl);
    try {
      targets.forEach((_, at) => cluster.restart(at));
      await cluster.#waitUntilReady(signal);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends node `at` at once, without a word to its clients. */
  kill(at: number): void {
    this.#signal(at, "SIGKILL");
    this.#nodes[at] = undefined;
  }

  /** Node `at` stands still; its connections stay open. */
  pause(at: number): void {
    this.#signal(at, "SIGSTOP");
  }

  /** Goes on after {@linkcode pause}. */
  resume(at: number): void {
    this.#signal(at, "SIGCONT");
  }

  /** Starts node `at` on its port; does not wait until it is ready. */
  restart(at: number): void {
    const target = this.targets[at];
    if (target === undefined) {
      throw new RangeError(`Cannot start node ${at}: there are ${this.targets.length}`);
    }
    this.#nodes[at] = spawnNode(new URL(target.httpUrl).port, this.#redisUrl);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node === undefined ? undefined : end(node)));
  }

  #signal(at: number, signal: Deno.Signal): void {
    const node = this.#nodes[at];
    if (node !== undefined) signalChild(node, signal);
  }

  async #waitUntilReady(signal: AbortSignal): Promise<void> {
    const attempts = Math.ceil(READY_WITHIN_MS / ASK_EVERY_MS);
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (signal.aborted) throw new StartError("Interrupted while the nodes started");
      const healths = await Promise.all(this.targets.map((target) => probe(target)));
      if (healths.every((health) => health?.status === 200)) return;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    throw new StartError(`The nodes were not ready within ${READY_WITHIN_MS / 1_000} s: does Redis answer?`);
  }
}

function spawnNode(port: string, redisUrl: string): Deno.ChildProcess {
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const tree = fileURLToPath(new URL("../../..", import.meta.url));
  const permissions = ["--allow-net", "--allow-env", `--allow-read=${tree}`];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--unstable-net", ...permissions, main, "start", "--port", port],
    // A supervised node reads its stdin to the end, which is ours: it ends, too, when we are killed outright.
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    detached: Deno.build.os !== "windows",
    // Not as an argument: the URL may hold a password, and arguments are public.
    env: { REDIS_URL: redisUrl, SHOAL_REDIS_URL: redisUrl, [SUPERVISED_VARIABLE]: "1" },
  }).spawn();
}

async function end(child: Deno.ChildProcess): Promise<void> {
  signalChild(child, "SIGCONT"); // A paused one would not hear the next signal.
  await endChild(child, END_WITHIN_MS);
  await child.stdin.close().catch(() => {}); // Broken already by the process's end.
}

/** `deno task cluster --daemon`: a supervisor that outlives its terminal. */
// node:child_process and not Deno.Command: only it gives a child a file as stderr.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DAEMON_LOG_VARIABLE, WATCH_PARENT_VARIABLE } from "../core/supervision.ts";
import { connectControl } from "./control_client.ts";
import { readControlFile } from "./control_file.ts";
import { logPath } from "./log_file.ts";
import type { ClusterOptions } from "./options.ts";
import { choosePorts, startTrouble } from "./run.ts";
import { askStatus } from "./status.ts";
import { portFlag, stopCommand } from "./words.ts";

/** What a daemon is started with. */
export interface DaemonLaunch {
  /** The words of this command line, for the process in the background. */
  readonly args: readonly string[];
  /** Folder in which `.shoal/` is kept; the current one by default. */
  readonly directory?: string;
}

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 200;

/**
 * Starts a cluster in the background and waits until it is up. Answers 0 then, or when it is still starting after a
 * minute; 1 when it could not be started.
 */
export async function launchDaemon(options: ClusterOptions, launch: DaemonLaunch): Promise<number> {
  const { args, directory = Deno.cwd() } = launch;
  const trouble = options.port === 0
    ? "Cannot run in the background on any free port: want --port N, it names the cluster"
    : await startTrouble(options, choosePorts(options), directory);
  if (trouble !== undefined) {
    console.error(trouble);
    return 1;
  }
  const log = logPath(directory, options.port);
  const daemon = startDetached(denoArgs(options, args, directory), directory, log);
  return await waitUntilUp(daemon, options.port, directory, log);
}

interface Detached {
  readonly pid: number;
  hasEnded: boolean;
}

/** A session of its own, so that the end of the terminal does not reach it. What it cannot log itself goes to `log` too. */
function startDetached(args: readonly string[], directory: string, log: string): Detached {
  Deno.mkdirSync(`${directory}/.shoal`, { recursive: true, mode: 0o700 });
  const stderr = openSync(log, "a", 0o600);
  const { [WATCH_PARENT_VARIABLE]: _, ...inherited } = Deno.env.toObject();
  const env = { ...inherited, [DAEMON_LOG_VARIABLE]: log };
  const child = spawn(Deno.execPath(), [...args], {
    cwd: directory,
    env,
    detached: true,
    stdio: ["ignore", "ignore", stderr],
  });
  closeSync(stderr);
  child.unref();
  const daemon: Detached = { pid: child.pid ?? 0, hasEnded: child.pid === undefined };
  child.on("exit", () => daemon.hasEnded = true);
  child.on("error", () => daemon.hasEnded = true);
  return daemon;
}

/** As the task starts it, no more rights. */
function denoArgs(
  { configFile }: ClusterOptions,
  args: readonly string[],
  directory: string,
): readonly string[] {
  const tree = fileURLToPath(new URL("../..", import.meta.url));
  const readable = [tree, directory, ...(configFile === undefined ? [] : [configFile])];
  return [
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-env",
    `--allow-read=${readable.join()}`,
    `--allow-write=${directory}/.shoal`,
    `--allow-run=${Deno.execPath()},cat`,
    fileURLToPath(new URL("../main.ts", import.meta.url)),
    ...args,
  ];
}

/** There is no event for "up": it asks. */
async function waitUntilUp(daemon: Detached, port: number, directory: string, log: string): Promise<number> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadlineMs) {
    if (daemon.hasEnded) {
      console.error(`The cluster could not be started; the end of ${log}:\n${await lastLines(log)}`);
      return 1;
    }
    if (await isUp(daemon.pid, port, directory)) {
      console.log(upMessage(daemon.pid, port, log));
      return 0;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  console.log(`Still starting (pid ${daemon.pid}): see ${log}, or end it with \`${stopCommand(port)}\``);
  return 0;
}

async function isUp(pid: number, port: number, directory: string): Promise<boolean> {
  const address = await readControlFile(directory, port);
  if (address?.pid !== pid) return false;
  using line = await connectControl(address);
  const views = line === undefined ? undefined : await askStatus({ port, line });
  return views !== undefined && views.length > 0 && views.every(({ state }) => state === "ready");
}

const MAX_LAST_LINES = 20;

async function lastLines(log: string): Promise<string> {
  return (await Deno.readTextFile(log)).trimEnd().split("\n").slice(-MAX_LAST_LINES).join("\n");
}

function upMessage(pid: number, port: number, log: string): string {
  return [
    `The cluster is up in the background (pid ${pid})`,
    `  log     ${log}`,
    `  nodes   deno task cluster status${portFlag(port)}`,
    `  reload  deno task cluster reload${portFlag(port)}, or kill -HUP ${pid}`,
    `  end     ${stopCommand(port)}`,
  ].join("\n");
}

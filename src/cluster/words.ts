/** What the supervisor says, in words. Pure. */
import { maskPassword } from "../config/mod.ts";
import type { LifecyclePolicy, NodeState } from "./lifecycle.ts";
import type { NodeExit } from "./node_process.ts";
import type { ClusterOptions } from "./options.ts";
import { baseUrl } from "./probe.ts";

/** What is known of a node when its state changes. */
export interface ChangeFacts {
  readonly port: number;
  readonly pid: number | undefined;
  readonly policy: LifecyclePolicy;
  /** How it ended, when that is what happened. */
  readonly exit?: NodeExit;
}

/** One line, more when a node is given up, for the step of a node from one state to another. */
export function changeLine(before: NodeState | undefined, after: NodeState, facts: ChangeFacts): string {
  const node = `node ${facts.port}`;
  switch (after.state) {
    case "starting":
      return `${node} starting (pid ${facts.pid ?? "none"})`;
    case "ready":
      return `${node} ready (pid ${facts.pid ?? "none"})${readyAfter(before, after.sinceMs)}`;
    case "draining":
      return after.purpose === "end" ? `${node} draining` : `${node} draining, to be replaced`;
    case "backoff":
      return `${node} ${exitWords(before, facts)}: starts again in ${seconds(after.waitMs)}`;
    case "stopped":
      return stoppedLine(node, before, after, facts);
  }
}

function readyAfter(before: NodeState | undefined, readyMs: number): string {
  return before?.state === "starting" ? ` after ${seconds(readyMs - before.sinceMs)}` : "";
}

function stoppedLine(
  node: string,
  before: NodeState | undefined,
  after: Extract<NodeState, { state: "stopped" }>,
  facts: ChangeFacts,
): string {
  const { policy, exit } = facts;
  switch (after.cause) {
    case "ended":
      return `${node} ended${exit === undefined || exit.code === 0 ? "" : ` (${exitReason(exit)})`}`;
    case "refused":
      return `${node} cannot run with this configuration${lastWords(exit)}`;
    case "looping":
      if (policy.loopCrashes === 1) return `${node} ${exitWords(before, facts)}${lastWords(exit)}`;
      return `${node} ${exitWords(before, facts)}: ${policy.loopCrashes} crashes within ` +
        `${seconds(policy.loopWithinMs)}, given up${lastWords(exit)}`;
  }
}

function exitWords(before: NodeState | undefined, { pid, exit }: ChangeFacts): string {
  const when = before?.state === "starting" ? " before it was ready" : "";
  if (before?.state === "draining") return "had to be replaced right after its start (see --memory-limit)";
  if (exit === undefined) return `ended${when}`;
  return `(pid ${pid ?? "none"}) ${exitReason(exit)}${when}`;
}

function exitReason({ code, signal }: NodeExit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

function lastWords(exit: NodeExit | undefined): string {
  if (exit === undefined || exit.lastLines.length === 0) return "; it wrote nothing";
  return `; the last it wrote:\n${exit.lastLines.map((line) => `  ${line}`).join("\n")}`;
}

/** Milliseconds as seconds for people. */
export function seconds(ms: number): string {
  return ms >= 10_000 || ms % 1_000 === 0 ? `${Math.round(ms / 1_000)} s` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Where everything is, told once when all nodes are ready. */
export function banner(options: ClusterOptions, nodePorts: readonly number[]): string {
  const nodes = nodePorts.map((port) => baseUrl(options.host, port));
  const front = options.sharedPort === 0 ? nodes[0] ?? "" : baseUrl(options.host, options.sharedPort);
  const shared = options.sharedPort === 0
    ? []
    : [`  ${options.nginx ? "nginx      " : "shared port"}  ${front}`];
  return [
    "",
    `Shoal cluster of ${nodePorts.length} ${nodePorts.length === 1 ? "node" : "nodes"} is up`,
    ...nodes.map((url, i) => `  ${i === 0 ? "nodes      " : "           "}  ${url}`),
    ...shared,
    `  WebSocket    ${front.replace("http", "ws")}/connection/websocket`,
    `  backend      ${backendWords(options)}`,
    `  try          curl ${front}/health`,
    ...(options.isOpenMode ? [OPEN_MODE] : []),
    `  end          Ctrl-C, or ${stopCommand(nodePorts[0])}`,
    "",
  ].join("\n");
}

const OPEN_MODE = "  OPEN MODE    no token key: any program of this machine may do anything here;\n" +
  "               a proxy in front that leaves no mark opens it to the world";

/** The command that ends the cluster on `port`. */
export function stopCommand(port: number | undefined): string {
  return `deno task cluster stop${portFlag(port)}`;
}

/** ` --port N` where it has to be said. */
export function portFlag(port: number | undefined): string {
  return port === undefined || port === 8080 ? "" : ` --port ${port}`;
}

/** The backend for people, without a password. */
export function backendWords({ redisServers }: Pick<ClusterOptions, "redisServers">): string {
  if (redisServers === undefined) return "embedded hub in this process (several machines: --redis URL)";
  return `Redis at ${redisServers.map(maskPassword).join(", ")}`;
}

/** The line above the table. */
export function tableTitle(ready: number, total: number, connections: number): string {
  return `shoal cluster: ${ready} of ${total} nodes ready, ${connections} connections, Ctrl-C ends it`;
}

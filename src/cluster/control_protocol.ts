/**
 * What a supervisor and a command for it say to each other: lines of JSON over loopback TCP. The supervisor greets,
 * the command sends one request with the secret, answers follow until `ended`, `status`, `done` or `refused`.
 */
import { fieldsOf, parseJson } from "./json.ts";
import { readNumberFields } from "./probe.ts";
import { isShownState, type NodeView } from "./table.ts";

/** The first line of a supervisor; how a command knows that no stranger got the port. */
export interface Greeting {
  readonly shoal: "cluster";
  readonly pid: number;
}

/** What a command may ask for. */
export const CONTROL_COMMANDS = ["status", "stop", "reload", "scale"] as const;
/** See {@linkcode CONTROL_COMMANDS}. */
export type ControlCommand = typeof CONTROL_COMMANDS[number];

/** One request. */
export interface ControlRequest {
  readonly command: string;
  readonly secret: string;
  /** How many nodes `scale` wants. */
  readonly count?: number;
}

/** What a supervisor answers. */
export type ControlAnswer =
  | { readonly event: "status"; readonly pid: number; readonly nodes: readonly NodeView[] }
  /** One line about a change that goes on. */
  | { readonly event: "progress"; readonly text: string }
  /** The last word about a change. */
  | { readonly event: "done"; readonly isComplete: boolean }
  /** While it ends: how many nodes are left. */
  | { readonly event: "ending"; readonly left: number; readonly total: number }
  /** The last word: all nodes are gone. */
  | { readonly event: "ended"; readonly code: number }
  | { readonly event: "refused"; readonly reason: string };

/** Longest request line, and longest answer line, in characters. */
export const MAX_REQUEST_CHARS = 1_024;
/** See {@linkcode MAX_REQUEST_CHARS}. */
export const MAX_ANSWER_CHARS = 65_536;

/** Reads a greeting; undefined when a stranger wrote it. */
export function parseGreeting(line: string): Greeting | undefined {
  const { shoal, pid } = fieldsOf(parseJson(line));
  return shoal === "cluster" && typeof pid === "number" ? { shoal, pid } : undefined;
}

/** Reads a request; undefined when it is none. */
export function parseRequest(line: string): ControlRequest | undefined {
  const { command, secret, count } = fieldsOf(parseJson(line));
  if (typeof command !== "string" || typeof secret !== "string") return undefined;
  return { command, secret, ...(typeof count === "number" ? { count } : {}) };
}

/** What the command that ends a cluster reads of an answer; undefined when it is none of them. */
export function parseEnding(
  line: string,
): Extract<ControlAnswer, { event: "ending" | "ended" | "refused" }> | undefined {
  const { event, left, total, code, reason } = fieldsOf(parseJson(line));
  if (event === "ending" && typeof left === "number" && typeof total === "number") {
    return { event, left, total };
  }
  if (event === "ended" && typeof code === "number") return { event, code };
  return event === "refused" && typeof reason === "string" ? { event, reason } : undefined;
}

/** What a command that changes a cluster reads of an answer; undefined when it is none of them. */
export function parseChange(
  line: string,
): Extract<ControlAnswer, { event: "progress" | "done" | "refused" }> | undefined {
  const { event, text, isComplete, reason } = fieldsOf(parseJson(line));
  if (event === "progress" && typeof text === "string") return { event, text };
  if (event === "done" && typeof isComplete === "boolean") return { event, isComplete };
  return event === "refused" && typeof reason === "string" ? { event, reason } : undefined;
}

/** The nodes of a `status` answer, each as far as it is understood; undefined when it is none. */
export function parseStatus(line: string): readonly NodeView[] | undefined {
  const { event, nodes } = fieldsOf(parseJson(line));
  return event === "status" && Array.isArray(nodes) ? nodes.flatMap(readView) : undefined;
}

function readView(value: unknown): readonly NodeView[] {
  const { port, pid, state, restarts, numbers } = fieldsOf(value);
  if (typeof port !== "number" || !isShownState(state)) return [];
  return [{
    port,
    state,
    restarts: typeof restarts === "number" ? restarts : 0,
    numbers: readNumberFields(fieldsOf(numbers)),
    ...(typeof pid === "number" ? { pid } : {}),
  }];
}

/** Writes one message. Rejects when the other side is gone. */
export async function sendLine(
  connection: Deno.Conn,
  message: Greeting | ControlRequest | ControlAnswer,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

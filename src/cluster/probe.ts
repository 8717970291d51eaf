/** Asks a node how it is, over HTTP, as any operator could. */
// node:http and not fetch: fetch obeys HTTP_PROXY, which must not come between a supervisor and its nodes.
import { get } from "node:http";
import { fieldsOf, parseJson } from "./json.ts";

/** What a node says of itself. Fields it did not give are absent. */
export interface NodeNumbers {
  readonly node?: string;
  readonly connections?: number;
  readonly messagesInPerSec?: number;
  readonly messagesOutPerSec?: number;
  readonly lagMs?: number;
  readonly rssBytes?: number;
}

/** How a node is. */
export interface NodeProbe {
  /** Id of who answered, where it said so. */
  readonly node?: string;
  /** False when it gave no HTTP answer at all. */
  readonly isAnswering: boolean;
  readonly isReady: boolean;
  /** Why it is not ready, in its own words. */
  readonly cause?: string;
  readonly numbers?: NodeNumbers;
  /** HTTP status of `/stats` when it is not for us. */
  readonly statsRefused?: number;
}

const ANSWER_WITHIN_MS = 3_000;
const MAX_ANSWER_BYTES = 1_048_576;
/** Of two who listen on one port each gets half of the questions: that all of these miss is one in 256. */
const TRIES = 8;

/**
 * Like {@linkcode probeNode}, where two nodes may listen on one port: asks again until somebody `isOwn` answers.
 * Undefined when only others did.
 */
export async function probeOwn(
  base: string,
  hasStats: boolean,
  isOwn: (node: string | undefined) => boolean,
): Promise<NodeProbe | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { numbers, ...probe } = await probeNode(base, hasStats);
    if (!probe.isAnswering) return probe;
    if (!isOwn(probe.node)) continue;
    return numbers === undefined || numbers.node !== probe.node ? probe : { ...probe, numbers };
  }
}

/** Asks for readiness and, with `hasStats`, for numbers. Never rejects; takes at most 3 s. */
async function probeNode(base: string, hasStats: boolean): Promise<NodeProbe> {
  const [health, stats] = await Promise.all([
    ask(`${base}/health/ready`),
    hasStats ? ask(`${base}/stats`) : undefined,
  ]);
  if (health === undefined) return { isAnswering: false, isReady: false };
  const cause = health.status === 200 ? undefined : readText(health.body, "cause") ?? `HTTP ${health.status}`;
  const node = readText(health.body, "node");
  return {
    ...(node === undefined ? {} : { node }),
    isAnswering: true,
    isReady: health.status === 200,
    ...(cause === undefined ? {} : { cause }),
    ...(stats?.status === 200 ? { numbers: readNumbers(stats.body) } : {}),
    // Others pass by themselves: 503, for one, is a backend that does not answer.
    ...(stats?.status === 401 || stats?.status === 403 ? { statsRefused: stats.status } : {}),
  };
}

/** The URL under which this machine reaches a listener on `host`. */
export function baseUrl(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** Reads the answer of `GET /stats`; what is missing or of another type is left out. */
export function readNumbers(body: string): NodeNumbers {
  const node = fieldsOf(fieldsOf(parseJson(body)).node);
  return {
    ...(typeof node.node === "string" ? { node: node.node.slice(0, 32) } : {}),
    ...numberField(node.connections, "connections"),
    ...numberField(node.messages_in_per_s, "messagesInPerSec"),
    ...numberField(node.messages_out_per_s, "messagesOutPerSec"),
    ...numberField(node.lag_ms, "lagMs"),
    ...numberField(node.rss_bytes, "rssBytes"),
  };
}

/** Reads {@linkcode NodeNumbers} as this process wrote them itself. */
export function readNumberFields(fields: Readonly<Record<string, unknown>>): NodeNumbers {
  return {
    ...(typeof fields.node === "string" ? { node: fields.node.slice(0, 32) } : {}),
    ...numberField(fields.connections, "connections"),
    ...numberField(fields.messagesInPerSec, "messagesInPerSec"),
    ...numberField(fields.messagesOutPerSec, "messagesOutPerSec"),
    ...numberField(fields.lagMs, "lagMs"),
    ...numberField(fields.rssBytes, "rssBytes"),
  };
}

function readText(body: string, field: "cause" | "node"): string | undefined {
  const text = fieldsOf(parseJson(body))[field];
  return typeof text === "string" && text !== "" ? text.slice(0, 200) : undefined;
}

function numberField<Name extends string>(value: unknown, name: Name): { readonly [N in Name]?: number } {
  // The one place where a computed key loses its name in the type.
  return typeof value === "number" ? { [name]: value } as { readonly [N in Name]?: number } : {};
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One GET; undefined when there is no answer, whatever the reason: a node that is down looks like this. */
function ask(url: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false });
    const deadline = setTimeout(() => request.destroy(), ANSWER_WITHIN_MS);
    request.on("error", () => resolve(undefined));
    request.on("close", () => {
      clearTimeout(deadline);
      resolve(undefined);
    });
    request.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        body += part;
        if (body.length > MAX_ANSWER_BYTES) request.destroy(new RangeError("answer too long"));
      });
      response.on("error", () => resolve(undefined));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

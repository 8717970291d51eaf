/** What is measured: one node by its HTTP and its WebSocket address. */
import { UsageError } from "../usage_error.ts";

/** One instance under test. */
export interface Target {
  /** `host:port`, the name in every table. */
  readonly instance: string;
  /** Origin for HTTP requests, without a trailing slash. */
  readonly httpUrl: string;
  readonly wsUrl: string;
  /** Path and query as they were given, for plain and HTTP targets. */
  readonly path: string;
}

/** What an instance said of itself at `/health`. */
export interface TargetHealth {
  readonly status: number;
  readonly node: string | undefined;
  readonly version: string | undefined;
  readonly backend: string | undefined;
}

/** Ports that are tried when no target is given. */
export const DEFAULT_PORTS: readonly number[] = [8080, 8081, 8082];

const CLIENT_PATH = "/connection/websocket";
const PROBE_DEADLINE_MS = 1_500;

/** Reads `ws://host:port,http://host:port/path`. Without a path the client protocol's. Throws {@linkcode UsageError}. */
export function parseTargets(list: string): readonly Target[] {
  const targets = list.split(",").map((text) => text.trim()).filter((text) => text !== "").map(parseTarget);
  if (targets.length === 0) throw new UsageError("No target given: write --targets ws://127.0.0.1:8080");
  const twice = targets.find((target, at) =>
    targets.findIndex((other) => other.wsUrl === target.wsUrl) !== at
  );
  if (twice !== undefined) {
    throw new UsageError(`Target "${twice.instance}" is listed twice: name each instance once`);
  }
  return targets;
}

function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(ws|http)s?:$/.test(url.protocol)) {
    throw new UsageError(`Cannot read target "${text}": write it like ws://127.0.0.1:8080`);
  }
  const secure = url.protocol === "wss:" || url.protocol === "https:" ? "s" : "";
  const path = url.pathname === "/" ? CLIENT_PATH : url.pathname;
  return {
    instance: url.host,
    httpUrl: `http${secure}://${url.host}`,
    wsUrl: `ws${secure}://${url.host}${path}${url.search}`,
    path: `${url.pathname}${url.search}`,
  };
}

/** The target of a node on this machine. */
export function localTarget(port: number): Target {
  return parseTarget(`http://127.0.0.1:${port}`);
}

/** Asks `/health`; undefined when nothing answers within the deadline. Any HTTP status is an answer. */
export async function probe(
  target: Target,
  deadlineMs = PROBE_DEADLINE_MS,
): Promise<TargetHealth | undefined> {
  try {
    const response = await fetch(`${target.httpUrl}/health`, { signal: AbortSignal.timeout(deadlineMs) });
    return readHealth(response.status, await response.text());
  } catch (error) {
    if (error instanceof UsageError || error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // Refused, reset and silent all mean the same here: nobody to measure.
  }
}

function readHealth(status: number, body: string): TargetHealth {
  const health = parseObject(body);
  return {
    status,
    node: textOf(health["node"]),
    version: textOf(health["version"]),
    backend: textOf(objectOf(health["backend"])["kind"]),
  };
}

/** `text` as a JSON object; an empty one when it is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** `value` as an object with fields; an empty one when it is none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? value as Record<string, unknown> : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The targets among `candidates` that answer, with what they said. */
export async function findRunning(
  candidates: readonly Target[],
): Promise<readonly { readonly target: Target; readonly health: TargetHealth }[]> {
  const answers = await Promise.all(
    candidates.map(async (target) => ({ target, health: await probe(target) })),
  );
  return answers.flatMap(({ target, health }) => health === undefined ? [] : [{ target, health }]);
}

/** Whether something accepts connections at `target`. */
export async function accepts(target: Target): Promise<boolean> {
  const { hostname, port } = addressOf(target);
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // Why not is said by whoever connects in earnest.
  }
}

/** Where `target` listens. */
export function addressOf(
  target: Target,
): { readonly hostname: string; readonly port: number; readonly isSecure: boolean } {
  const url = new URL(target.httpUrl);
  const isSecure = url.protocol === "https:";
  // An IPv6 address stands in brackets in a URL and without them in a socket address.
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { hostname, port: Number(url.port || (isSecure ? 443 : 80)), isSecure };
}

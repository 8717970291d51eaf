/** Opens the connections of a run in bounded batches, spread over the instances by turns. */
import type { Clock } from "../../core/clock.ts";
import { Client, type ClientListener, ConnectError, type ConnectTimes } from "./client.ts";
import { classifyClose, classifyConnect, type ErrorClass, type ErrorTally } from "../truth/error_classes.ts";
import { newHistogram, recordMs } from "../truth/histogram.ts";
import type { Histogram } from "../truth/histogram.ts";
import type { Target } from "../targets/target.ts";
import type { EchoCodec } from "./wire.ts";

/** Connections under way at any time, for each instance: more would measure the accept queue. */
export const MAX_CONNECTING = 64;

/** A connection has to stand within this, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** What {@linkcode openClients} needs. */
export interface ConnectorOptions {
  readonly targets: readonly Target[];
  readonly connections: number;
  readonly codec: EchoCodec;
  readonly listener: ClientListener;
  readonly clock: Clock;
  readonly errors: ErrorTally;
  /** Start of the run, for the times in `errors`. */
  readonly beganMs: number;
  readonly signal: AbortSignal;
  readonly connectTimeoutMs?: number;
}

/** What came of it: asked = open + failed + never tried. */
export interface ConnectOutcome {
  /** In the order of their numbers: instances take turns. */
  readonly clients: readonly Client[];
  readonly asked: number;
  readonly failed: number;
  readonly neverTried: number;
  readonly tookMs: number;
  readonly upgrade: Histogram;
  readonly welcome: Histogram;
}

/** Opens `connections` clients, number `c` on target `c mod targets`. Rejects never; failures are in `errors`. */
export async function openClients(options: ConnectorOptions): Promise<ConnectOutcome> {
  const beganMs = options.clock.monotonicMs();
  const opened: (Client | undefined)[] = new Array(options.connections);
  const upgrade = newHistogram();
  const welcome = newHistogram();
  let tried = 0;
  const openOne = async (index: number) => {
    tried++;
    const client = newClient(options, index);
    const times = await tryConnect(client, options);
    if (times === undefined) return;
    recordMs(upgrade, times.upgradeMs);
    recordMs(welcome, times.welcomeMs);
    opened[index] = client;
  };
  await Promise.all(options.targets.map((_, target) => openOnTarget(options, target, openOne)));
  const clients = opened.filter((client) => client !== undefined);
  return {
    clients,
    asked: options.connections,
    failed: tried - clients.length,
    neverTried: options.connections - tried,
    tookMs: options.clock.monotonicMs() - beganMs,
    upgrade,
    welcome,
  };
}

async function openOnTarget(
  options: ConnectorOptions,
  target: number,
  openOne: (index: number) => Promise<void>,
): Promise<void> {
  let next = target;
  const worker = async () => {
    while (next < options.connections && !options.signal.aborted) {
      const index = next;
      next += options.targets.length;
      await openOne(index);
    }
  };
  await Promise.all(Array.from({ length: MAX_CONNECTING }, worker));
}

function newClient(options: ConnectorOptions, index: number): Client {
  const target = index % options.targets.length;
  const url = options.targets[target]?.wsUrl ?? "";
  return new Client({
    url,
    target,
    index,
    codec: options.codec,
    listener: options.listener,
    clock: options.clock,
  });
}

async function tryConnect(client: Client, options: ConnectorOptions): Promise<ConnectTimes | undefined> {
  try {
    return await client.connect(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const target = options.targets[client.target];
    if (target === undefined) return undefined;
    const nowMs = options.clock.monotonicMs() - options.beganMs;
    const cause = await explain(error, target);
    options.errors.add(cause.errorClass, target.instance, cause.message, nowMs);
    return undefined;
  }
}

/** The native WebSocket says "tcp connect error" whatever happened: a plain TCP connection tells the cause. */
async function explain(
  error: ConnectError,
  target: Target,
): Promise<{ errorClass: ErrorClass; message: string }> {
  if (error.errorClass !== "internal") return error;
  const url = new URL(target.httpUrl);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  try {
    (await Deno.connect({ hostname: url.hostname, port })).close();
    return error;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { errorClass: classifyConnect(message), message };
  }
}

/** Notes a connection that the server ended. */
export function noteLost(
  errors: ErrorTally,
  target: Target | undefined,
  code: number,
  reason: string,
  nowMs: number,
): void {
  errors.add(classifyClose(code), target?.instance ?? "?", `closed with ${code} ${reason}`.trim(), nowMs);
}

/** Closes all clients and waits, at most two seconds. */
export async function closeClients(clients: readonly Client[]): Promise<void> {
  for (const client of clients) client.close();
  await Promise.all(clients.map((client) => client.closed(2_000)));
}

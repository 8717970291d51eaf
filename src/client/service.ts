/** Calls functions that others offer. */
import type { Centrifuge } from "centrifuge";
import type { CallRequest } from "./call_request.ts";
import { ItemReader } from "./item_reader.ts";
import { serviceErrorOf } from "./service_error.ts";

/** How calls are made. */
export interface CallOptions {
  /** How long to wait, milliseconds; default 5000. The SDK itself waits for its option `timeout` (5000) and no longer:
   * raise that too. For a stream: how long it may stand still, default 30000. */
  readonly timeoutMs?: number;
  /** Only this provider: its client id. */
  readonly provider?: string;
  /** Another workspace, whose public services may be called. */
  readonly workspace?: string;
}

// deno-lint-ignore no-explicit-any -- a service whose type is not told has functions of any name that take and give anything
type Untyped = any;
type IsAny<Type> = 0 extends 1 & Type ? true : false;

/** The functions of a service as callers see them: each answers later. Anything, where their type is not told. */
export type RemoteService<Functions> = IsAny<Functions> extends true ? Untyped : {
  readonly [Name in keyof Functions]: Functions[Name] extends (...args: infer Args) => infer Value
    ? (...args: Args) => Promise<Awaited<Value>>
    : never;
};

/** The streams of a service as callers see them. Anything, where their type is not told. */
export type RemoteStreams<Functions> = IsAny<Functions> extends true ? Untyped : {
  readonly [Name in keyof Functions]: Functions[Name] extends
    (...args: infer Args) => AsyncIterable<infer Item> ? (...args: Args) => AsyncIterable<Item>
    : never;
};

/**
 * The service `id`: `await service(client, "math").add(1, 2)`. Arguments go as an array, a single object as itself. Each
 * call goes to the provider whose turn it is, on whichever node. Rejects with a {@linkcode ServiceError}.
 */
export function service<Functions = Untyped>(
  client: Centrifuge,
  id: string,
  options: CallOptions = {},
): RemoteService<Functions> {
  return byName((name, args) => callOnce(client, { ...requestOf(id, name, args, options) })) as RemoteService<
    Functions
  >;
}

/**
 * The streams of the service `id`: `for await (const n of streams(client, "clock").ticks(10)) ...`. No more is sent than
 * is read. Leaving the loop ends the stream; a failure throws a {@linkcode ServiceError} in it.
 */
export function streams<Functions = Untyped>(
  client: Centrifuge,
  id: string,
  options: CallOptions = {},
): RemoteStreams<Functions> {
  return byName((name, args) => ({
    [Symbol.asyncIterator]: () => new ItemReader(client, requestOf(id, name, args, options)),
  })) as RemoteStreams<Functions>;
}

function requestOf(
  service: string,
  name: string,
  args: readonly unknown[],
  options: CallOptions,
): CallRequest {
  const { timeoutMs, provider, workspace } = options;
  return {
    service,
    function: name,
    args: wireArgs(args),
    timeout_ms: timeoutMs,
    client: provider,
    workspace,
  };
}

async function callOnce(client: Centrifuge, request: CallRequest): Promise<unknown> {
  try {
    const { data } = await client.rpc("services.call", request);
    return data.value;
  } catch (error) {
    throw serviceErrorOf(error);
  }
}

function wireArgs(args: readonly unknown[]): unknown {
  const [only] = args;
  const isOneObject = args.length === 1 && typeof only === "object" && only !== null && !Array.isArray(only);
  return isOneObject ? only : args;
}

/** An object on which each name is a function. It is no promise, whatever `await` believes of a `then`. */
function byName(call: (name: string, args: readonly unknown[]) => unknown): unknown {
  return new Proxy({}, {
    get: (_target, name) =>
      typeof name === "string" && name !== "then" ? (...args: unknown[]) => call(name, args) : undefined,
  });
}

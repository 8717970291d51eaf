/**
 * What providers, callers and the server tell each other outside of replies: pushes `message` to a client, data of
 * `send` from it. Values and arguments are raw JSON on their way out.
 */
import type { Line } from "../core/frame.ts";
import { messagePush } from "./json_codec.ts";

/** What a provider is asked to do. */
export interface CallPush {
  readonly id: string;
  readonly service: string;
  readonly function: string;
  /** Raw JSON. */
  readonly args: string;
  /** ClientInfo, raw JSON. */
  readonly caller: string;
  /** How long the caller still waits, milliseconds from now; for a stream: how long it bears silence. */
  readonly deadlineMs: number;
  /** Items that may be sent before more are granted; undefined for a call that wants one value. */
  readonly credit: number | undefined;
  /** Where the trace goes on, as in W3C's header; undefined where nobody traces. */
  readonly traceparent?: string | undefined;
}

/** Asks a provider. */
export function callPush(call: CallPush): Line {
  const { id, service, args, caller, deadlineMs, credit, traceparent } = call;
  const stream = credit === undefined ? "" : `,"stream":true,"credit":${credit}`;
  const traced = traceparent === undefined ? "" : `,"traceparent":"${traceparent}"`;
  return messagePush(
    `{"call":{"id":"${id}","service":"${service}","function":"${call.function}","args":${args},"caller":${caller},` +
      `"deadline_ms":${deadlineMs}${stream}${traced}}}`,
  );
}

/** Tells a provider that nobody waits any more. */
export function cancelPush(id: string): Line {
  return messagePush(`{"cancel":{"id":"${id}"}}`);
}

/** Grants a provider `count` items more. */
export function creditPush(id: string, count: number): Line {
  return messagePush(`{"credit":{"id":"${id}","n":${count}}}`);
}

/** Hands a caller an item of its stream. */
export function chunkPush(id: string, sequence: number, value: string): Line {
  return messagePush(`{"chunk":{"id":"${id}","seq":${sequence},"value":${value}}}`);
}

/** Tells a caller that its stream is complete. */
export function endPush(id: string): Line {
  return messagePush(`{"end":{"id":"${id}"}}`);
}

/** Tells a caller why its stream ended. */
export function errorPush(id: string, error: { readonly code: number; readonly message: string }): Line {
  const { code, message } = error;
  return messagePush(`{"error":${JSON.stringify({ id, code, message })}}`);
}

/** What a provider says of a call. `malformed`: it names the call, and the rest cannot be read. */
export type ProviderWord =
  | { readonly kind: "result" | "chunk"; readonly id: string; readonly value: unknown }
  | { readonly kind: "error"; readonly id: string; readonly code: number; readonly message: string }
  | { readonly kind: "end" | "malformed"; readonly id: string };

/** What a caller says of its stream. */
export type CallerWord =
  | { readonly kind: "credit"; readonly id: string; readonly count: number }
  | { readonly kind: "cancel"; readonly id: string };

/** Codes that a provider may give its errors. */
const [MIN_CODE, MAX_CODE] = [400, 1_999];
const MAX_MESSAGE = 4_096;

/** Reads the data of a `send`; undefined for what is not about a call. */
export function readServiceWord(data: unknown): ProviderWord | CallerWord | undefined {
  if (!isObject(data)) return undefined;
  for (const kind in data) {
    const body = data[kind];
    if (!isObject(body) || typeof body.id !== "string") return undefined;
    return wordOf(kind, body.id, body);
  }
}

type Body = Readonly<Record<string, unknown>>;

function wordOf(kind: string, id: string, body: Body): ProviderWord | CallerWord | undefined {
  switch (kind) {
    case "result":
    case "chunk":
      return Object.hasOwn(body, "value") ? { kind, id, value: body.value } : { kind: "malformed", id };
    case "error":
      return errorWord(id, body);
    case "end":
    case "cancel":
      return { kind, id };
    case "credit":
      return { kind, id, count: isCount(body.n) ? body.n : 0 };
    default:
      return undefined;
  }
}

function errorWord(id: string, { code, message = "" }: Body): ProviderWord {
  const isCode = typeof code === "number" && Number.isInteger(code) && code >= MIN_CODE && code <= MAX_CODE;
  if (!isCode || typeof message !== "string") return { kind: "malformed", id };
  return { kind: "error", id, code, message: message.slice(0, MAX_MESSAGE) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}

function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What nodes say to each other about calls of services. Between two nodes words stay in order. */
import { ClientError, type ErrorRow, errorTable } from "../core/errors.ts";

/** Request to the node of a provider: a {@linkcode NodeCallHead} as JSON, a newline, the arguments as JSON. */
export const CALL_METHOD = "services.call";
/** Notices about a call that is under way: `<key>` and what {@linkcode encodeKeyed} adds. */
export const ITEM_NOTICE = "services.item";
export const END_NOTICE = "services.end";
export const CREDIT_NOTICE = "services.credit";
export const CANCEL_NOTICE = "services.cancel";

/** A call as the caller's node hands it on. */
export interface NodeCallHead {
  /** Names the call to both nodes, together with the id of the caller's. */
  readonly key: number;
  readonly workspace: string;
  readonly service: string;
  readonly function: string;
  /** The provider. */
  readonly client: string;
  /** ClientInfo as JSON. */
  readonly caller: string;
  readonly timeoutMs: number;
  /** Items of a stream that may come at first; undefined for a call that wants one value. */
  readonly credit?: number | undefined;
  /** Of another workspace: only what is public may be called. */
  readonly isGuest?: boolean | undefined;
  /** Only a function that changes nothing may be called. */
  readonly isSafe?: boolean | undefined;
  /** Where the trace of the caller's node goes on, as in W3C's header; absent where nobody traces. */
  readonly traceparent?: string | undefined;
}

/** Writes a call; `args` is raw JSON. */
export function encodeNodeCall(head: NodeCallHead, args: string): string {
  return `${JSON.stringify(head)}\n${args}`;
}

/** Reads a call. Believes what it reads, as it comes from a node. */
export function decodeNodeCall(payload: string): { readonly head: NodeCallHead; readonly args: string } {
  const newline = payload.indexOf("\n");
  return { head: JSON.parse(payload.slice(0, newline)), args: payload.slice(newline + 1) };
}

/**
 * How a call came out: `value`: raw JSON, nothing yet for a stream that has begun; `failed`: for good; `refused`: the
 * provider has seen nothing of it, so that another may be asked.
 */
export type NodeCallOutcome =
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "failed" | "refused"; readonly error: ClientError };

/** The answer of a call that gave `value`. */
export function encodeValue(value: string): string {
  return `v${value}`;
}

/** The answer of a call that failed. */
export function encodeFailure(kind: "failed" | "refused", error: ClientError): string {
  return `${kind === "failed" ? "e" : "r"}${encodeError(error)}`;
}

/** Reads an answer. */
export function decodeOutcome(payload: string): NodeCallOutcome {
  const rest = payload.slice(1);
  if (payload.startsWith("v")) return { kind: "value", value: rest };
  return { kind: payload.startsWith("r") ? "refused" : "failed", error: decodeError(rest) };
}

/** Writes a notice about the call `key`: numbers, then any text. */
export function encodeKeyed(key: number, number = 0, text = ""): string {
  return `${key},${number}\n${text}`;
}

/** Reads a notice. */
export function decodeKeyed(
  payload: string,
): { readonly key: number; readonly number: number; readonly text: string } {
  const [comma, newline] = [payload.indexOf(","), payload.indexOf("\n")];
  const [key, number] = [Number(payload.slice(0, comma)), Number(payload.slice(comma + 1, newline))];
  return { key, number, text: payload.slice(newline + 1) };
}

/** Writes an error; "" stands for none. */
export function encodeError({ code, message }: Pick<ClientError, "code" | "message">): string {
  return `${code},${message}`;
}

const rows: ReadonlyMap<number, ErrorRow> = new Map(Object.values(errorTable).map((row) => [row.code, row]));

/** Reads an error. */
export function decodeError(text: string): ClientError {
  const comma = text.indexOf(",");
  return errorOf(Number(text.slice(0, comma)), text.slice(comma + 1));
}

/** An error by its code, which may be a provider's own: then the HTTP status is the code itself where it can be. */
export function errorOf(code: number, message: string): ClientError {
  const { isTemporary = false, status = code < 600 ? code : 500 } = rows.get(code) ?? {};
  return new ClientError({ code, message, isTemporary, status });
}

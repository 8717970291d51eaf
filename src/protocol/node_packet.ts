/**
 * Requests between nodes and their answers. A packet holds what one node tells another in one tick:
 * `1c<sender>\n`, then records. A record is a line of fields, the last of which is the length of the payload that
 * follows it (UTF-16 code units), so that a payload may hold anything and is never scanned:
 *
 * - `q<id>,<milliseconds left>,<method>,<length>\n<payload>`: a request, answered by one of the next two
 * - `a<id>,<length>\n<payload>`: its answer
 * - `f<id>,<code>,<1 when temporary>,<length>\n<message>`: why there is none
 * - `n<method>,<length>\n<payload>`: a notice, never answered
 */
import { type ErrorRow, errorTable } from "../core/errors.ts";
import { type NodeId, parseNodeId } from "../core/ids.ts";
import { FORMAT, isKind, KIND_CHARS } from "./format.ts";

const KIND = "c";
const PACKET = FORMAT + KIND;
const METHOD = /^[a-z][a-z0-9_.]{0,63}$/;
const NUMBER = /^\d{1,15}$/;

/** One thing that a node tells another. */
export type NodeRecordOf =
  | {
    readonly kind: "request";
    readonly id: number;
    /** How long the asking node still waits, milliseconds. */
    readonly leftMs: number;
    readonly method: string;
    readonly payload: string;
  }
  | { readonly kind: "answer"; readonly id: number; readonly payload: string }
  | { readonly kind: "failure"; readonly id: number; readonly error: ErrorRow }
  | { readonly kind: "notice"; readonly method: string; readonly payload: string };

/** A packet that was read. */
export interface NodePacket {
  readonly from: NodeId;
  readonly records: readonly NodeRecordOf[];
}

/** What a packet of `from` begins with; records are appended to it. */
export function packetHead(from: NodeId): string {
  return `${PACKET}${from}\n`;
}

/** A request record. */
export function requestRecord(id: number, leftMs: number, method: string, payload: string): string {
  return `q${id},${leftMs},${method},${payload.length}\n${payload}`;
}

/** An answer record. */
export function answerRecord(id: number, payload: string): string {
  return `a${id},${payload.length}\n${payload}`;
}

/** A failure record. */
export function failureRecord(id: number, { code, isTemporary, message }: Omit<ErrorRow, "status">): string {
  return `f${id},${code},${isTemporary ? 1 : 0},${message.length}\n${message}`;
}

/** A notice record. */
export function noticeRecord(method: string, payload: string): string {
  return `n${method},${payload.length}\n${payload}`;
}

/** Whether `message` is a packet in a format that this version reads. */
export function isPacket(message: string): boolean {
  return isKind(message, KIND);
}

/** Throws `TypeError` unless `method` may stand in a record. */
export function checkMethod(method: string): void {
  if (METHOD.test(method)) return;
  throw new TypeError(`Cannot use node method "${method}": want 1 to 64 of a-z, 0-9, "_" and "."`);
}

/** Reads a packet; undefined for anything that is not wholly one. */
export function decodePacket(message: string): NodePacket | undefined {
  if (!isPacket(message)) return undefined;
  const newline = message.indexOf("\n");
  const from = newline < 0 ? undefined : senderOf(message.slice(KIND_CHARS, newline));
  if (from === undefined) return undefined;
  const records: NodeRecordOf[] = [];
  for (let at = newline + 1; at < message.length;) {
    const end = message.indexOf("\n", at);
    if (end < 0) return undefined;
    const fields = message.slice(at + 1, end).split(",");
    const next = end + 1 + numberOf(fields.at(-1));
    const record = recordOf(message.charAt(at), fields, message.slice(end + 1, next));
    // A length that is no number, or that leads past the end, makes `next <= message.length` false.
    if (record === undefined || !(next <= message.length)) return undefined;
    records.push(record);
    at = next;
  }
  return { from, records };
}

function senderOf(text: string): NodeId | undefined {
  try {
    return parseNodeId(text);
  } catch {
    return undefined; // the caller drops the packet
  }
}

function recordOf(mark: string, fields: readonly string[], payload: string): NodeRecordOf | undefined {
  const [first = "", second = "", third = ""] = fields;
  if (mark === "n") return fields.length === 2 ? { kind: "notice", method: first, payload } : undefined;
  const id = numberOf(first);
  if (Number.isNaN(id)) return undefined;
  if (mark === "a") return fields.length === 2 ? { kind: "answer", id, payload } : undefined;
  const number = numberOf(second);
  if (fields.length !== 4 || Number.isNaN(number)) return undefined;
  if (mark === "q") return { kind: "request", id, leftMs: number, method: third, payload };
  return mark === "f" ? { kind: "failure", id, error: rowOf(number, payload, third === "1") } : undefined;
}

function numberOf(text: string | undefined): number {
  return text !== undefined && NUMBER.test(text) ? Number(text) : NaN;
}

const statusByCode: ReadonlyMap<number, number> = new Map(
  Object.values(errorTable).map((row) => [row.code, row.status]),
);

function rowOf(code: number, message: string, isTemporary: boolean): ErrorRow {
  return { code, message, isTemporary, status: statusByCode.get(code) ?? 500 };
}

import { type Close, closeTable } from "../core/errors.ts";

/** Bytes of a close frame's reason that the protocol has room for. */
const MAX_REASON_BYTES = 123;
const encoder = new TextEncoder();
const scratch = new Uint8Array(MAX_REASON_BYTES);

/** `reason` cut to what a close frame holds, between two characters. */
export function cutReason(reason: string): string {
  return reason.slice(0, encoder.encodeInto(reason, scratch).read);
}

/** A close that any WebSocket API can send: those throw on codes that are not an application's to use. */
export function sendableClose(code: number, reason: string): Close {
  const isSendable = code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999);
  return { code: isSendable ? code : closeTable.connectionClosed.code, reason: cutReason(reason) };
}

/** Where the head of a request lies in what has come. */
import { Buffer } from "node:buffer";
import { latin1Text } from "../../core/latin1.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const CR = 13;
const LF = 10;
const HEAD_END = "\r\n\r\n";
const SHORT_HEAD_BYTES = 1_024;

/** Where the head begins at or after `from`. An empty line before it is passed over: some clients end a body with one. */
export function headStart(bytes: Bytes, from: number): number {
  return bytes[from] === CR && bytes[from + 1] === LF ? from + 2 : from;
}

/** Where the head that starts at `start` ends, or -1. Nothing before `searched` ends it. */
export function headEnd(bytes: Bytes, start: number, searched: number): number {
  const from = Math.max(start, searched - HEAD_END.length + 1);
  // Most heads are short, and text is searched faster than bytes.
  const found = latin1Text(bytes, from, Math.min(bytes.length, from + SHORT_HEAD_BYTES)).indexOf(HEAD_END);
  if (found !== -1) return from + found + HEAD_END.length;
  if (bytes.length - from <= SHORT_HEAD_BYTES) return -1;
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(HEAD_END, from);
  return at === -1 ? -1 : at + HEAD_END.length;
}

/** Frames of RFC 6455 as a server sends them: whole, unmasked. */
import { Slab } from "./slab.ts";

/** What a frame carries. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const FIN = 0x80;
const MAX_SHORT = 125;
const MAX_MEDIUM = 0xffff;
const encoder = new TextEncoder();
// Small, because a slow reader of one small frame keeps its whole slab.
const slab = new Slab(16 * 1024);

/** Bytes that stand before a payload of `size` bytes. */
export function frameHeadSize(size: number): number {
  if (size <= MAX_SHORT) return 2;
  return size <= MAX_MEDIUM ? 4 : 10;
}

/** Writes the head of a final frame to the start of `into`. */
export function writeFrameHead(into: Uint8Array<ArrayBuffer>, opcode: number, size: number): void {
  into[0] = FIN | opcode;
  if (size <= MAX_SHORT) into[1] = size;
  else if (size <= MAX_MEDIUM) {
    into[1] = 126;
    into[2] = size >> 8;
    into[3] = size & 0xff;
  } else {
    into[1] = 127;
    new DataView(into.buffer, into.byteOffset).setBigUint64(2, BigInt(size));
  }
}

/** A text frame. `size` is the length of `text` in UTF-8 bytes. */
export function textFrame(text: string, size: number): Uint8Array<ArrayBuffer> {
  const headSize = frameHeadSize(size);
  const frame = slab.take(headSize + size);
  writeFrameHead(frame, OPCODE.text, size);
  encoder.encodeInto(text, frame.subarray(headSize));
  return frame;
}

/** A frame of any other kind around a copy of `payload`. */
export function bytesFrame(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const headSize = frameHeadSize(payload.length);
  const frame = slab.take(headSize + payload.length);
  writeFrameHead(frame, opcode, payload.length);
  frame.set(payload, headSize);
  return frame;
}

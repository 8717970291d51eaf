/** Frames of a WebSocket client: whole messages and control frames, masked. */
import { maskInPlace, type MaskKey } from "./mask.ts";

/** What a frame is. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const FINAL = 0x80;
const MASKED = 0x80;

/** Bytes before the payload of a masked frame with `payloadBytes`. */
export function headerBytes(payloadBytes: number): number {
  if (payloadBytes < 126) return 6;
  return payloadBytes < 65_536 ? 8 : 14;
}

/** Writes the header of a final frame to `into` at `at`, key included; answers where the payload begins. */
export function writeHeader(
  into: Uint8Array,
  at: number,
  opcode: number,
  payloadBytes: number,
  key: MaskKey,
): number {
  into[at] = FINAL | opcode;
  const keyAt = at + headerBytes(payloadBytes) - 4;
  if (payloadBytes < 126) into[at + 1] = MASKED | payloadBytes;
  else writeLongLength(into, at, payloadBytes);
  into.set(key, keyAt);
  return keyAt + 4;
}

function writeLongLength(into: Uint8Array, at: number, payloadBytes: number): void {
  const view = new DataView(into.buffer, into.byteOffset);
  into[at + 1] = MASKED | (payloadBytes < 65_536 ? 126 : 127);
  if (payloadBytes < 65_536) view.setUint16(at + 2, payloadBytes);
  else view.setBigUint64(at + 2, BigInt(payloadBytes));
}

/** A whole masked frame. */
export function frame(opcode: number, payload: Uint8Array, key: MaskKey): Uint8Array {
  const bytes = new Uint8Array(headerBytes(payload.length) + payload.length);
  const from = writeHeader(bytes, 0, opcode, payload.length, key);
  bytes.set(payload, from);
  maskInPlace(bytes, from, bytes.length, key);
  return bytes;
}

/** A close frame with `code`. */
export function closeFrame(code: number, key: MaskKey): Uint8Array {
  return frame(opcodes.close, new Uint8Array([code >> 8, code & 255]), key);
}

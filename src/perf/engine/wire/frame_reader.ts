/** Reads the frames of a WebSocket server out of a byte stream, without copying those that arrive whole. */
import { MAX_MESSAGE_BYTES } from "./byte_link.ts";
import { opcodes } from "./frame_writer.ts";

/** What a reader tells. None may throw. */
export interface FrameListener {
  /** A whole message lies in `bytes` from `from` to `to`; the array is used again after the return. */
  onMessage(bytes: Uint8Array, from: number, to: number): void;
  onPing(payload: Uint8Array): void;
  /** 1005 when the frame had no code. */
  onClose(code: number, reason: string): void;
  /** The server broke the protocol; nothing more is read. */
  onViolation(text: string): void;
}

const decoder = new TextDecoder();

/** Follows one connection. */
export class FrameReader {
  readonly #listener: FrameListener;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #isOver = false;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Reads all whole frames of `bytes` between `from` and `end`; answers where the first incomplete one begins. */
  read(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (!this.#isOver && end - at >= 2) {
      const next = this.#readOne(bytes, at, end);
      if (next === at) return at;
      at = next;
    }
    return this.#isOver ? end : at;
  }

  #readOne(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) {
      return this.#violate("reserved bits or a masked frame", end);
    }
    let length = second;
    let payloadAt = at + 2;
    if (length >= 126) {
      payloadAt += length === 126 ? 2 : 8;
      if (payloadAt > end) return at;
      length = longLength(bytes, at + 2, length);
      if (length > MAX_MESSAGE_BYTES) return this.#violate(`a frame of ${length} bytes`, end);
    }
    const to = payloadAt + length;
    if (to > end) return at;
    this.#onFrame(first, bytes, payloadAt, to);
    return to;
  }

  #onFrame(first: number, bytes: Uint8Array, from: number, to: number): void {
    const isFinal = (first & 0x80) !== 0;
    const opcode = first & 15;
    if (opcode === opcodes.text || opcode === opcodes.binary) {
      if (isFinal) return this.#listener.onMessage(bytes, from, to);
      this.#parts = [bytes.slice(from, to)];
      this.#partBytes = to - from;
    } else if (opcode === opcodes.continuation) this.#onPart(isFinal, bytes.slice(from, to));
    else if (opcode === opcodes.ping) this.#listener.onPing(bytes.slice(from, to));
    else if (opcode === opcodes.close) this.#onClose(bytes, from, to);
    else if (opcode !== opcodes.pong) this.#violate(`opcode ${opcode}`, to);
  }

  #onPart(isFinal: boolean, part: Uint8Array): void {
    this.#parts.push(part);
    this.#partBytes += part.length;
    if (this.#partBytes > MAX_MESSAGE_BYTES) {
      this.#violate("a message of more than 16 MiB", 0);
      return;
    }
    if (!isFinal) return;
    const whole = new Uint8Array(this.#partBytes);
    let at = 0;
    for (const one of this.#parts) {
      whole.set(one, at);
      at += one.length;
    }
    this.#parts = [];
    this.#listener.onMessage(whole, 0, whole.length);
  }

  #onClose(bytes: Uint8Array, from: number, to: number): void {
    this.#isOver = true;
    const code = to - from < 2 ? 1005 : ((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0);
    this.#listener.onClose(code, decoder.decode(bytes.subarray(Math.min(to, from + 2), to)));
  }

  #violate(text: string, end: number): number {
    this.#isOver = true;
    this.#listener.onViolation(text);
    return end;
  }
}

function longLength(bytes: Uint8Array, at: number, marker: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return marker === 126 ? view.getUint16(at) : Number(view.getBigUint64(at));
}

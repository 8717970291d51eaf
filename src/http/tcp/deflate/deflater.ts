/** Messages on their way out, deflated where that is worth it. */
import { bytesFrame, OPCODE } from "../../../core/ws_frame.ts";
import type { Frame } from "../../../server/mod.ts";
import { MESSAGE_TAIL } from "./inflater.ts";
import { WINDOW_BITS } from "./offer.ts";
import { ZlibEngine } from "./zlib_engine.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Makes WebSocket frames for one connection, or for many. */
export interface Deflater {
  /** The WebSocket frame for what the outbox hands out. */
  frame(frame: Frame): Bytes;
  /** The WebSocket frame for a message of its own. */
  message(opcode: number, payload: Bytes): Bytes;
  /** The connection has ended. */
  close(): void;
}

const DEFLATED = 0x40;
const SMALLEST_ROOM = 4 * 1024;
/** More room than that is given back after a message. */
const KEPT_ROOM = 1024 * 1024;

let room: Bytes = new Uint8Array(SMALLEST_ROOM);

/** What `engine` makes of `payload`, in its context; a view that the next call makes void. */
function deflated(engine: ZlibEngine, payload: Bytes): Bytes {
  // More than zlib's own bound for any window.
  const bound = payload.length + (payload.length >> 2) + 256;
  if (room.length < bound || room.length > KEPT_ROOM) room = new Uint8Array(Math.max(SMALLEST_ROOM, bound));
  const size = engine.write(payload, room);
  if (size < MESSAGE_TAIL.length) {
    throw new Error(`Cannot deflate ${payload.length} bytes: zlib answered ${size}`);
  }
  return room.subarray(0, size - MESSAGE_TAIL.length);
}

function opcodeOf({ isBinary }: Frame): number {
  return isBinary ? OPCODE.binary : OPCODE.text;
}

/** Each message alone: one frame is deflated once, however many connections it goes to. */
export class SharedDeflater implements Deflater {
  readonly #thresholdBytes: number;
  readonly #frames = new WeakMap<Frame, Bytes>();
  #engine: ZlibEngine | undefined;

  /** Messages shorter than `thresholdBytes` stay as they are. */
  constructor(thresholdBytes: number) {
    this.#thresholdBytes = thresholdBytes;
  }

  frame(frame: Frame): Bytes {
    if (frame.size < this.#thresholdBytes) return frame.wire();
    const known = this.#frames.get(frame);
    if (known !== undefined) return known;
    const wire = this.#deflate(opcodeOf(frame), frame.bytes()) ?? frame.wire();
    this.#frames.set(frame, wire);
    return wire;
  }

  message(opcode: number, payload: Bytes): Bytes {
    const isShort = payload.length < this.#thresholdBytes;
    return (isShort ? undefined : this.#deflate(opcode, payload)) ?? bytesFrame(opcode, payload);
  }

  /** It belongs to all connections, and ends with the last. */
  close(): void {}

  /** Undefined when it is no shorter. */
  #deflate(opcode: number, payload: Bytes): Bytes | undefined {
    const engine = this.#engine ??= ZlibEngine.deflate(WINDOW_BITS);
    if (engine === undefined) return undefined;
    engine.reset();
    const packed = deflated(engine, payload);
    return packed.length < payload.length ? bytesFrame(opcode | DEFLATED, packed) : undefined;
  }
}

/** Each message may refer to those before it, so each connection deflates for itself. */
export class ConnectionDeflater implements Deflater {
  readonly #thresholdBytes: number;
  #engine: ZlibEngine | undefined;
  #isClosed = false;

  /** Messages shorter than `thresholdBytes` stay as they are. */
  constructor(thresholdBytes: number) {
    this.#thresholdBytes = thresholdBytes;
  }

  frame(frame: Frame): Bytes {
    if (frame.size < this.#thresholdBytes) return frame.wire();
    return this.message(opcodeOf(frame), frame.bytes());
  }

  message(opcode: number, payload: Bytes): Bytes {
    const isShort = payload.length < this.#thresholdBytes || this.#isClosed;
    const engine = isShort ? undefined : this.#engine ??= ZlibEngine.deflate(WINDOW_BITS);
    if (engine === undefined) return bytesFrame(opcode, payload);
    // Longer or not: what went through the engine is in its context, so the peer must see it.
    return bytesFrame(opcode | DEFLATED, deflated(engine, payload));
  }

  close(): void {
    this.#isClosed = true;
    this.#engine?.close();
    this.#engine = undefined;
  }
}

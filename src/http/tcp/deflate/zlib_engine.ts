/**
 * Deflate and inflate without waiting and with a context that stays. node:zlib offers the one or the other: the engine
 * under its streams does both, 5 us for a message where `deflateRawSync` takes 15. No public interface, so nothing is taken for
 * granted: where it is not as expected, there is no engine, and nothing is compressed.
 */
import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";

type Bytes = Uint8Array<ArrayBuffer>;

/** What lies under a stream of node:zlib. */
interface Handle {
  onerror: (...cause: unknown[]) => void;
  reset(): void;
  close(): void;
  writeSync(
    flush: number,
    from: Uint8Array,
    fromAt: number,
    fromSize: number,
    into: Uint8Array,
    intoAt: number,
    intoSize: number,
  ): void;
}

const METHODS = ["reset", "close", "writeSync"];
const LEVEL = 6;
/** Buckets for a window of 4 KiB; more would only cost memory. */
const MEMORY_LEVEL = 5;
/** Of the streams' own output buffers, which nobody uses. */
const SMALLEST_CHUNK = 64;

/** One context. Not to be used after {@linkcode close}. */
export class ZlibEngine {
  readonly #handle: Handle;
  /** Room left in the output, and input left. */
  readonly #state: Uint32Array;
  #hasFailed = false;

  private constructor(handle: Handle, state: Uint32Array) {
    this.#handle = handle;
    this.#state = state;
    handle.onerror = () => void (this.#hasFailed = true);
  }

  /** Undefined where this runtime has no such engine. */
  static deflate(windowBits: number): ZlibEngine | undefined {
    return engineOf(
      createDeflateRaw({ windowBits, level: LEVEL, memLevel: MEMORY_LEVEL, chunkSize: SMALLEST_CHUNK }),
      (handle, state) => new ZlibEngine(handle, state),
    );
  }

  /** Undefined where this runtime has no such engine. */
  static inflate(): ZlibEngine | undefined {
    return engineOf(
      createInflateRaw({ chunkSize: SMALLEST_CHUNK }),
      (handle, state) => new ZlibEngine(handle, state),
    );
  }

  /** Forgets what went before. */
  reset(): void {
    this.#hasFailed = false;
    this.#handle.reset();
  }

  /** Turns `from` into bytes from `at` on in `into`, all that there are so far. Answers how many, -1 when it is malformed. */
  write(from: Bytes, into: Bytes, at = 0): number {
    const room = into.length - at;
    this.#handle.writeSync(constants.Z_SYNC_FLUSH, from, 0, from.length, into, at, room);
    return this.#hasFailed ? -1 : room - (this.#state[0] ?? 0);
  }

  close(): void {
    this.#handle.close();
  }
}

function engineOf(
  stream: object,
  make: (handle: Handle, state: Uint32Array) => ZlibEngine,
): ZlibEngine | undefined {
  const handle: unknown = Reflect.get(stream, "_handle");
  const state: unknown = Reflect.get(stream, "_writeState");
  if (typeof handle !== "object" || handle === null || !(state instanceof Uint32Array)) return undefined;
  const isKnown = METHODS.every((name) => typeof Reflect.get(handle, name) === "function");
  return isKnown ? make(handle as Handle, state) : undefined;
}

/** Whether the engines of this runtime do what is wanted of them. */
export function hasZlibEngine(): boolean {
  const deflate = ZlibEngine.deflate(15);
  const inflate = ZlibEngine.inflate();
  try {
    const text = new Uint8Array(Buffer.from("a message, a message, a message"));
    const packed = new Uint8Array(100);
    const unpacked = new Uint8Array(100);
    const size = deflate?.write(text, packed) ?? -1;
    if (size <= 0 || inflate?.write(packed.slice(0, size), unpacked) !== text.length) return false;
    return text.every((byte, at) => unpacked[at] === byte);
  } finally {
    deflate?.close();
    inflate?.close();
  }
}

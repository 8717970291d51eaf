import type { Close } from "../../../core/errors.ts";
import { ZlibEngine } from "./zlib_engine.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What every message leaves out at its end. */
export const MESSAGE_TAIL: Bytes = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

const MALFORMED: Close = { code: 1007, reason: "malformed deflate data" };
const TOO_BIG: Close = { code: 1009, reason: "message too big" };

/** Inflates messages that do not refer to each other: one serves all connections. */
export class Inflater {
  readonly #maxMessageBytes: number;
  #engine: ZlibEngine | undefined;
  #room: Bytes = new Uint8Array(0);

  /** `maxMessageBytes`: of an inflated message. */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * The message, a view that the next call makes void, or how the connection must be closed. A message that would be too
   * long is inflated no further than that.
   */
  inflate(deflated: Bytes): Bytes | Close {
    const engine = this.#engine ??= ZlibEngine.inflate();
    if (engine === undefined) return MALFORMED;
    if (this.#room.length === 0) this.#room = new Uint8Array(this.#maxMessageBytes + 1);
    engine.reset();
    const size = engine.write(deflated, this.#room);
    if (size < 0) return MALFORMED;
    if (size > this.#maxMessageBytes) return TOO_BIG;
    const more = engine.write(MESSAGE_TAIL, this.#room, size);
    if (more < 0) return MALFORMED;
    return size + more > this.#maxMessageBytes ? TOO_BIG : this.#room.subarray(0, size + more);
  }
}

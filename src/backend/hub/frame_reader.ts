import { frameBytesAt, FrameView, HEADER_BYTES } from "./frame.ts";

const INITIAL_BYTES = 64 << 10;

/** The reading half of a connection. */
export interface ByteSource {
  /** Fills `into` as far as bytes are there; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

/** What to do with what was read. None may keep the view. */
export interface FrameHandler {
  onFrame(frame: FrameView): void;
  /** After the frames of one read, so that answers to all of them go out together. */
  onBatchEnd(): void;
}

/** Cuts a stream of bytes into frames; holds at most one unfinished frame beside what one read brought. */
export class FrameReader {
  /** A frame of more bytes ends the reading with an error. May change between frames. */
  maxFrameBytes: number;
  /** Bytes read since the start. */
  receivedBytes = 0;
  readonly #view = new FrameView();
  #buffer = new Uint8Array(INITIAL_BYTES);
  #start = 0;
  #end = 0;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Reads until the source ends. Rejects when it breaks, or with `RangeError` when a frame is malformed or too long. */
  async run(source: ByteSource, handler: FrameHandler): Promise<void> {
    for (;;) {
      const count = await source.read(this.#buffer.subarray(this.#end));
      if (count === null) return;
      this.#end += count;
      this.receivedBytes += count;
      this.#cut(handler);
      handler.onBatchEnd();
    }
  }

  #cut(handler: FrameHandler): void {
    let wantedBytes = HEADER_BYTES;
    while (this.#end - this.#start >= HEADER_BYTES) {
      wantedBytes = frameBytesAt(this.#buffer, this.#start);
      if (wantedBytes > this.maxFrameBytes) throw new RangeError(this.#tooLong(wantedBytes));
      if (this.#end - this.#start < wantedBytes) break;
      const from = this.#start;
      this.#start += wantedBytes;
      if (!this.#view.look(this.#buffer, from, this.#start)) {
        throw new RangeError("Cannot read a frame: cut short");
      }
      handler.onFrame(this.#view);
      wantedBytes = HEADER_BYTES;
    }
    this.#makeRoom(wantedBytes);
  }

  /** Moves the unfinished frame to the front, into a buffer that holds it whole: a larger one, or a small one again. */
  #makeRoom(frameBytes: number): void {
    const size = Math.max(INITIAL_BYTES, frameBytes);
    const isRightSize = this.#buffer.length >= size && this.#buffer.length <= size * 4;
    const rest = this.#buffer.subarray(this.#start, this.#end);
    if (!isRightSize) this.#buffer = new Uint8Array(size);
    if (rest.length > 0) this.#buffer.set(rest);
    this.#start = 0;
    this.#end = rest.length;
  }

  #tooLong(bytes: number): string {
    return `Cannot read a frame of ${bytes} bytes: the limit is ${this.maxFrameBytes}`;
  }
}

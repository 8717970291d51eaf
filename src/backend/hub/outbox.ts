import { HEADER_BYTES, MAX_FRAME_BYTES, writeHeader } from "./frame.ts";

const INITIAL_BYTES = 64 << 10;
/** A buffer that grew past this is given back after its write. */
const KEEP_BYTES = 1 << 20;

const encoder = new TextEncoder();

/** The writing half of a connection. */
export interface ByteSink {
  /** Takes some of `bytes` and answers how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Bound of an outbox and whom it tells that writing failed. */
export interface OutboxOptions {
  /** Most bytes queued or being written. */
  readonly maxBytes: number;
  readonly onBroken: (cause: unknown) => void;
}

/**
 * Frames on their way out: all that is queued in one tick, and all that is queued while a write is under way, leaves
 * in one write. Nothing is written before {@linkcode Outbox.start}.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #flush = () => void this.#writeAll();
  /** Frames queued, and bytes handed to the sink, since the start. */
  readonly carried = { frames: 0, bytes: 0 };
  #sink: ByteSink | undefined;
  #filling = new Uint8Array(INITIAL_BYTES);
  #spare = new Uint8Array(INITIAL_BYTES);
  #queuedBytes = 0;
  #writingBytes = 0;
  #isFlushing = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Begins to write to `sink` what is queued and what will be. */
  start(sink: ByteSink): void {
    this.#sink = sink;
    this.#schedule();
  }

  /** Queues one frame. False, with nothing queued, when the frame is too long or the outbox full. */
  send(kind: number, number: number, first = "", second = ""): boolean {
    // A UTF-16 unit is at least one byte: what cannot fit is refused before memory is taken for it.
    if (first.length + second.length > MAX_FRAME_BYTES - HEADER_BYTES) return false;
    const from = this.#queuedBytes;
    this.#reserve(from + HEADER_BYTES + 3 * (first.length + second.length));
    const firstBytes = this.#encode(first, from + HEADER_BYTES);
    const to = from + HEADER_BYTES + firstBytes + this.#encode(second, from + HEADER_BYTES + firstBytes);
    if (to - from > MAX_FRAME_BYTES || to + this.#writingBytes > this.#options.maxBytes) return false;
    writeHeader(this.#filling, { from, to, firstBytes }, kind, number);
    this.carried.frames++;
    this.#queuedBytes = to;
    this.#schedule();
    return true;
  }

  /** Queues a copy of a whole frame. False, with nothing queued, when the outbox is full. */
  forward(bytes: Uint8Array, from: number, to: number): boolean {
    const end = this.#queuedBytes + to - from;
    if (end + this.#writingBytes > this.#options.maxBytes) return false;
    this.#reserve(end);
    this.#filling.set(bytes.subarray(from, to), this.#queuedBytes);
    this.carried.frames++;
    this.#queuedBytes = end;
    this.#schedule();
    return true;
  }

  /** Bytes queued or being written. */
  get bytes(): number {
    return this.#queuedBytes + this.#writingBytes;
  }

  #encode(text: string, at: number): number {
    return text === "" ? 0 : encoder.encodeInto(text, this.#filling.subarray(at)).written;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#filling.length) return;
    const larger = new Uint8Array(Math.max(bytes, this.#filling.length * 2));
    larger.set(this.#filling.subarray(0, this.#queuedBytes));
    this.#filling = larger;
  }

  #schedule(): void {
    if (this.#isFlushing || !this.#sink) return;
    this.#isFlushing = true;
    queueMicrotask(this.#flush);
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#queuedBytes > 0 && this.#sink) await this.#writeQueued(this.#sink);
      this.#isFlushing = false;
    } catch (cause) {
      // Stays "flushing": a broken sink is written to no more, and the owner hears of it once.
      this.#options.onBroken(cause);
    }
  }

  async #writeQueued(sink: ByteSink): Promise<void> {
    const writing = this.#filling;
    const bytes = this.#queuedBytes;
    this.#filling = this.#spare;
    this.#queuedBytes = 0;
    this.#writingBytes = bytes;
    this.carried.bytes += bytes;
    for (let sent = 0; sent < bytes;) {
      sent += await sink.write(writing.subarray(sent, bytes));
      this.#writingBytes = bytes - sent;
    }
    this.#spare = writing.length > KEEP_BYTES ? new Uint8Array(INITIAL_BYTES) : writing;
  }
}

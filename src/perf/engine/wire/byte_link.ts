/**
 * One TCP or TLS connection as bytes, for many thousands of connections in one process: small buffers that grow only
 * where there is traffic, no stream objects, no timer, one write under way at a time.
 *
 * Why not the runtime's WebSocket: it holds frames of 1 KB and more back for some 40 ms (Nagle's algorithm, which it
 * offers no switch for), and it takes more CPU per message.
 */

/** The part of a connection that is needed. */
export interface ByteConnection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What a link tells. None may throw. */
export interface ByteListener {
  /**
   * Bytes have come: `bytes` from 0 to `end`, old unconsumed ones first. Answers how many it is done with; the others
   * come again, with more behind them. The array is used again after the return.
   */
  onBytes(bytes: Uint8Array, end: number): number;
  /** The other side is gone; `error` unless it ended in order. Told once, and not after {@linkcode ByteLink.close}. */
  onEnd(error: Error | undefined): void;
}

const FIRST_READ_BYTES = 512;
/** A buffer grows to this while reads fill it, and beyond only for a single message that does not fit. */
const BUSY_READ_BYTES = 65_536;
const FIRST_WRITE_BYTES = 256;

/** The largest message that is taken; a server that sends more is cut off. */
export const MAX_MESSAGE_BYTES = 16_777_216;

const NOTHING: Uint8Array = new Uint8Array(0);

/** Reads and writes one connection. Used by one caller at a time. */
export class ByteLink {
  readonly #connection: ByteConnection;
  readonly #listener: ByteListener;
  #in = new Uint8Array(FIRST_READ_BYTES);
  #out = new Uint8Array(0);
  #outEnd = 0;
  /** The buffer that is being written, and is free for filling when it is through. */
  #spare = new Uint8Array(0);
  /** The last two views that were written, and the buffers they are of. */
  #viewed = NOTHING;
  #view = NOTHING;
  #otherViewed = NOTHING;
  #otherView = NOTHING;
  #flying = 0;
  #isClosed = false;
  bytesIn = 0;
  bytesOut = 0;

  /** Takes `connection` over; nothing is read before {@linkcode start}. */
  constructor(connection: ByteConnection, listener: ByteListener) {
    this.#connection = connection;
    this.#listener = listener;
  }

  /** Begins to read. Call it once. */
  start(): void {
    void this.#readAll();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes handed over and not yet taken by the system: the only sign of a peer that does not read. */
  get waitingBytes(): number {
    return this.#outEnd + this.#flying;
  }

  /** Room for `count` bytes to send; fill it from the answered offset of {@linkcode buffer}, then {@linkcode flush}. */
  reserve(count: number): number {
    const at = this.#outEnd;
    if (at + count > this.#out.length) this.#growOut(at + count);
    this.#outEnd = at + count;
    return at;
  }

  /** Where reserved bytes go; another array after each flush. */
  get buffer(): Uint8Array {
    return this.#out;
  }

  /** Sends what was reserved, as soon as the write under way is through. */
  flush(): void {
    if (this.#flying === 0 && this.#outEnd > 0 && !this.#isClosed) void this.#writeOut();
  }

  /** Sends `bytes`. */
  send(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#out.set(bytes, at);
    this.flush();
  }

  /** Ends the connection at once; nothing more is told. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  async #readAll(): Promise<void> {
    let filled = 0;
    try {
      while (!this.#isClosed) {
        const count = await this.#connection.read(filled === 0 ? this.#in : this.#in.subarray(filled));
        if (this.#isClosed) return;
        if (count === null) return this.#ended(undefined);
        this.bytesIn += count;
        filled = this.#consume(filled + count);
      }
    } catch (error) {
      this.#ended(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Hands bytes over; answers how many stay in the buffer. */
  #consume(filled: number): number {
    const done = this.#listener.onBytes(this.#in, filled);
    const rest = filled - done;
    const wasFull = filled === this.#in.length;
    if (wasFull && (rest === filled || this.#in.length < BUSY_READ_BYTES)) return this.#growIn(done, filled);
    if (rest > 0) this.#in.copyWithin(0, done, filled);
    return rest;
  }

  #growIn(from: number, to: number): number {
    if (this.#in.length >= MAX_MESSAGE_BYTES) throw new RangeError("a message of more than 16 MiB");
    const grown = new Uint8Array(this.#in.length * 4);
    grown.set(this.#in.subarray(from, to));
    this.#in = grown;
    return to - from;
  }

  #growOut(needed: number): void {
    const grown = new Uint8Array(Math.max(FIRST_WRITE_BYTES, needed, this.#out.length * 2));
    grown.set(this.#out.subarray(0, this.#outEnd));
    this.#out = grown;
  }

  async #writeOut(): Promise<void> {
    try {
      while (this.#outEnd > 0 && !this.#isClosed) {
        const bytes = this.#out;
        const end = this.#outEnd;
        this.#out = this.#spare;
        this.#spare = bytes;
        this.#outEnd = 0;
        this.#flying = end;
        let count = await this.#connection.write(this.#viewOf(bytes, end));
        while (count < end && !this.#isClosed) {
          this.#flying = end - count;
          count += await this.#connection.write(bytes.subarray(count, end));
        }
        this.bytesOut += count;
        this.#flying = 0;
      }
    } catch (error) {
      this.#flying = 0;
      this.#ended(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A view costs more than a whole small message; messages of one size need just one for each buffer. */
  #viewOf(bytes: Uint8Array, end: number): Uint8Array {
    if (bytes === this.#viewed && this.#view.length === end) return this.#view;
    [this.#otherViewed, this.#viewed] = [this.#viewed, this.#otherViewed];
    [this.#otherView, this.#view] = [this.#view, this.#otherView];
    if (bytes === this.#viewed && this.#view.length === end) return this.#view;
    this.#viewed = bytes;
    return this.#view = bytes.subarray(0, end);
  }

  #ended(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.close();
    this.#listener.onEnd(error);
  }
}

const SMALLEST_BYTES = 256;

/**
 * Bytes that arrive in pieces. Room doubles while they really come, so that a length which is only claimed costs
 * nothing; the owner bounds `size`.
 */
export class GrowingBytes {
  #room: Uint8Array<ArrayBuffer> = new Uint8Array(SMALLEST_BYTES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What has come; a view that the next {@linkcode append} or {@linkcode consume} makes void. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.#size);
  }

  /** Copies `more` behind what is here. */
  append(more: Uint8Array): void {
    const size = this.#size + more.length;
    if (size > this.#room.length) this.#grow(size);
    this.#room.set(more, this.#size);
    this.#size = size;
  }

  /** Forgets the first `count` bytes. */
  consume(count: number): void {
    this.#room.copyWithin(0, count, this.#size);
    this.#size -= count;
  }

  #grow(size: number): void {
    const room = new Uint8Array(Math.max(size, this.#room.length * 2));
    room.set(this.bytes);
    this.#room = room;
  }
}

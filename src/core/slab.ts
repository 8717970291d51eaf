/**
 * Memory for many small things that live about as long as each other. An ArrayBuffer of its own costs most of a
 * microsecond; a piece of a slab costs a subarray. A slab is free again when the last of its pieces is.
 */
export class Slab {
  readonly #slabBytes: number;
  #slab: Uint8Array<ArrayBuffer>;
  #taken = 0;

  /** `slabBytes`: how much is fetched at once; pieces over a quarter of it get memory of their own. */
  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
    this.#slab = new Uint8Array(slabBytes);
  }

  /** `size` bytes that nobody else has; zero, because they are never given out twice. */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (size > this.#slabBytes / 4) return new Uint8Array(size);
    if (this.#taken + size > this.#slabBytes) {
      this.#slab = new Uint8Array(this.#slabBytes);
      this.#taken = 0;
    }
    const from = this.#taken;
    this.#taken += size;
    return this.#slab.subarray(from, this.#taken);
  }
}

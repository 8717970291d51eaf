const encoder = new TextEncoder();
const SMALLEST_BYTES = 1_024;
/** More room than that is given back after a message. */
const KEPT_BYTES = 1024 * 1024;
/** Wire types. */
export const WIRE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** Writes Protobuf's wire format. One is enough for all that is written without waiting. */
export class ProtobufWriter {
  #bytes = new Uint8Array(SMALLEST_BYTES);
  #size = 0;

  /** A whole number of at most 53 bits; a negative one takes ten bytes. */
  varint(value: number): void {
    if (value < 0) return this.#negative(value);
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#size++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#size++] = rest;
  }

  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** Text with its length before it. */
  text(text: string): void {
    const start = this.begin();
    this.#reserve(text.length * 3);
    this.#size += encoder.encodeInto(text, this.#bytes.subarray(this.#size)).written;
    this.end(start);
  }

  /** Bytes with their length before them. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** Begins something that has its length before it; {@linkcode end} wants what this answers. */
  begin(): number {
    this.#reserve(1);
    return ++this.#size;
  }

  /** Writes the length of what was written since; most are short and stay where they are. */
  end(start: number): void {
    const length = this.#size - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = lengthOfVarint(length) - 1;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#size);
    this.#size = start - 1;
    this.varint(length);
    this.#size += length;
  }

  /** A copy of what was written; the writer begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#size);
    this.#size = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(SMALLEST_BYTES);
    return taken;
  }

  #negative(value: number): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#size++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#size++] = Number(rest);
  }

  #reserve(more: number): void {
    const wanted = this.#size + more;
    if (wanted <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = bytes;
  }
}

function lengthOfVarint(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

import { CloseError } from "../../core/errors.ts";
import { WIRE } from "./writer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

// A byte order mark is a character like others here.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAX_VARINT_BYTES = 10;
/** Numbers of up to so many bytes are exact without BigInt. */
const EXACT_BYTES = 7;

/** Reads Protobuf's wire format. Whatever is malformed throws a {@linkcode CloseError} with 3501. */
export class ProtobufReader {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A signed number of 64 bits; beyond 53 of them it is not exact. */
  varint(): number {
    const start = this.#at;
    const last = start + MAX_VARINT_BYTES - 1;
    for (let at = start; at <= last && at < this.#bytes.length; at++) {
      if ((this.#bytes[at] ?? 0) >= 0x80) continue;
      this.#at = at + 1;
      return at - start < EXACT_BYTES ? this.#small(start, at) : this.#large(start, at);
    }
    throw malformed();
  }

  /** A view of bytes that have their length before them. */
  delimited(): Bytes {
    const length = this.varint();
    const start = this.#at;
    if (length < 0 || length > this.#bytes.length - start) throw malformed();
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    return textOf(this.delimited());
  }

  /** Passes over a value that nobody knows. */
  skip(wireType: number): void {
    if (wireType === WIRE.varint) this.varint();
    else if (wireType === WIRE.delimited) this.delimited();
    else if (wireType === WIRE.fixed64) this.#pass(8);
    else if (wireType === WIRE.fixed32) this.#pass(4);
    else throw malformed();
  }

  #pass(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw malformed();
  }

  #small(start: number, last: number): number {
    let value = 0;
    for (let at = last; at >= start; at--) value = value * 0x80 + ((this.#bytes[at] ?? 0) & 0x7f);
    return value;
  }

  #large(start: number, last: number): number {
    let value = 0n;
    for (let at = last; at >= start; at--) value = (value << 7n) | BigInt((this.#bytes[at] ?? 0) & 0x7f);
    return Number(BigInt.asIntN(64, value));
  }
}

/** UTF-8 as text. Throws like {@linkcode ProtobufReader}. */
export function textOf(bytes: Bytes): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw malformed(cause);
  }
}

/** Bytes that are no Protobuf, or not that of a command. */
export function malformed(cause?: unknown): CloseError {
  return new CloseError("badRequest", { cause });
}

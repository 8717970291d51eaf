import { GrowingBytes } from "../../core/growing_bytes.ts";
import { ChunkedDecoder, type ChunkedFault } from "./chunked.ts";
import type { BodyFraming } from "./http_head.ts";

/** Gathers one request body of a bounded size, whichever way it is delimited. */
export class RequestBody {
  readonly #gathered = new GrowingBytes();
  readonly #chunks: ChunkedDecoder | undefined;
  readonly #length: number;

  /** `maxBytes` bounds a chunked body; a length was compared with it before. */
  constructor(framing: BodyFraming, maxBytes: number) {
    this.#length = framing.kind === "length" ? framing.bytes : 0;
    if (framing.kind !== "chunked") return;
    this.#chunks = new ChunkedDecoder(maxBytes, (bytes) => this.#gathered.append(bytes));
  }

  get isDone(): boolean {
    return this.#chunks === undefined ? this.#gathered.size === this.#length : this.#chunks.isDone;
  }

  /** Takes what belongs to the body. Answers how many bytes that were, or what is wrong. */
  push(bytes: Uint8Array<ArrayBuffer>): number | ChunkedFault {
    if (this.#chunks !== undefined) return this.#chunks.push(bytes);
    const piece = bytes.subarray(0, this.#length - this.#gathered.size);
    this.#gathered.append(piece);
    return piece.length;
  }

  /** The whole body. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#gathered.bytes;
  }
}

/** The chunked coding of request bodies, decoded strictly. */

/** A body cannot be read. */
export type ChunkedFault = "malformed" | "too long";

// Size in hex, up to a GiB or so: a longer number could overflow in one reader and not in another. Extensions and
// trailers serve nobody here and have served smugglers: both are refused.
const MAX_SIZE_DIGITS = 7;
const CR = 0x0d;
const LF = 0x0a;

type State = "size" | "sizeLf" | "data" | "dataCr" | "dataLf" | "endCr" | "endLf" | "done";

/** Decodes one body, fed with bytes as they come. */
export class ChunkedDecoder {
  readonly #maxBytes: number;
  readonly #take: (bytes: Uint8Array<ArrayBuffer>) => void;
  #state: State = "size";
  #digits = 0;
  #left = 0;
  #total = 0;

  /** `maxBytes`: of the whole decoded body. `take` gets its pieces, views that are void after the call. */
  constructor(maxBytes: number, take: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Decodes up to the end of the body. Answers how many bytes belonged to it, or what is wrong with them. */
  push(bytes: Uint8Array<ArrayBuffer>): number | ChunkedFault {
    let at = 0;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state === "data") {
        at += this.#data(bytes.subarray(at));
        continue;
      }
      const fault = this.#step(bytes[at] ?? 0);
      if (fault !== undefined) return fault;
      at++;
    }
    return at;
  }

  #data(bytes: Uint8Array<ArrayBuffer>): number {
    const piece = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#take(piece);
    this.#left -= piece.length;
    if (this.#left === 0) this.#state = "dataCr";
    return piece.length;
  }

  #step(byte: number): ChunkedFault | undefined {
    switch (this.#state) {
      case "size":
        return byte === CR && this.#digits > 0 ? this.#go("sizeLf") : this.#digit(byte);
      case "sizeLf":
        return byte === LF ? this.#chunk() : "malformed";
      case "dataCr":
        return byte === CR ? this.#go("dataLf") : "malformed";
      case "dataLf":
        return byte === LF ? this.#go("size") : "malformed";
      case "endCr":
        return byte === CR ? this.#go("endLf") : "malformed";
      case "endLf":
        return byte === LF ? this.#go("done") : "malformed";
      default:
        return "malformed";
    }
  }

  #digit(byte: number): ChunkedFault | undefined {
    const value = hexValue(byte);
    if (value === undefined || ++this.#digits > MAX_SIZE_DIGITS) return "malformed";
    this.#left = this.#left * 16 + value;
    return undefined;
  }

  #chunk(): ChunkedFault | undefined {
    this.#digits = 0;
    this.#total += this.#left;
    if (this.#total > this.#maxBytes) return "too long";
    return this.#go(this.#left === 0 ? "endCr" : "data");
  }

  #go(state: State): undefined {
    this.#state = state;
  }
}

function hexValue(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}

import type { HttpLog } from "../../log.ts";
import type { CompressionSettings } from "../../options.ts";
import { ConnectionDeflater, type Deflater, SharedDeflater } from "./deflater.ts";
import { Inflater } from "./inflater.ts";
import { acceptOffer } from "./offer.ts";
import { hasZlibEngine } from "./zlib_engine.ts";

/** What one connection compresses with. */
export interface SocketCompression {
  readonly inflater: Inflater;
  readonly deflater: Deflater;
}

/** What was agreed with one peer. */
export interface Agreement {
  /** Value of the answer's Sec-WebSocket-Extensions. */
  readonly header: string;
  readonly compression: SocketCompression;
}

/** permessage-deflate for all connections of a transport. */
export class Compression {
  readonly #options: CompressionSettings;
  readonly #inflater: Inflater;
  readonly #shared: SharedDeflater;

  private constructor(options: CompressionSettings, maxMessageBytes: number) {
    this.#options = options;
    this.#inflater = new Inflater(maxMessageBytes);
    this.#shared = new SharedDeflater(options.thresholdBytes);
  }

  /** Undefined when nothing is to be compressed, or this runtime cannot. */
  static of(
    options: CompressionSettings | undefined,
    maxMessageBytes: number,
    log: HttpLog,
  ): Compression | undefined {
    if (options === undefined) return undefined;
    if (hasZlibEngine()) return new Compression(options, maxMessageBytes);
    log.warn("Nothing is compressed: this runtime's zlib is not as expected");
    return undefined;
  }

  /** Agrees with a peer that offers `header`; undefined when it does not compress, or not as we do. */
  agree(header: string | null): Agreement | undefined {
    const { mode, thresholdBytes } = this.#options;
    const answer = acceptOffer(header, mode);
    if (answer === undefined) return undefined;
    const isShared = answer.includes("server_no_context_takeover");
    const deflater = isShared ? this.#shared : new ConnectionDeflater(thresholdBytes);
    return { header: answer, compression: { inflater: this.#inflater, deflater } };
  }
}

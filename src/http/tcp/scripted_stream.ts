import type { ByteReader, ByteStream } from "./byte_stream.ts";

const decoder = new TextDecoder("latin1");

/** A stream for tests: what comes is told by the test, what goes is kept as text. */
export class ScriptedStream implements ByteStream {
  readonly remoteAddress = "127.0.0.1";
  /** All that was written, as Latin-1. */
  sent = "";
  pendingBytes = 0;
  isPaused = false;
  isEnded = false;
  isDestroyed = false;
  /** True: nothing that is written goes to the kernel, until {@linkcode drain}. */
  isStuck = false;
  #reader: ByteReader | undefined;

  read(reader: ByteReader): void {
    this.#reader = reader;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.isEnded || this.isDestroyed) return;
    this.sent += decoder.decode(bytes);
    if (this.isStuck) this.pendingBytes += bytes.length;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.pendingBytes = 0;
    queueMicrotask(() => this.#reader?.onClose());
  }

  /** `text`, Latin-1, comes in pieces of `step` bytes, all through one buffer. */
  feed(text: string, step = Math.max(1, text.length)): void {
    const buffer = new Uint8Array(step);
    for (let at = 0; at < text.length && !this.isDestroyed; at += step) {
      const piece = text.slice(at, at + step);
      for (let n = 0; n < piece.length; n++) buffer[n] = piece.charCodeAt(n);
      this.#reader?.onBytes(buffer.subarray(0, piece.length));
      buffer.fill(0xee);
    }
  }

  /** The peer reads all that was queued. */
  drain(): void {
    this.isStuck = false;
    this.pendingBytes = 0;
    this.#reader?.onDrain();
  }

  /** The peer ends its half. */
  peerEnds(): void {
    this.#reader?.onEnd();
  }
}

import type { Socket } from "node:net";
import type { ByteReader, ByteStream } from "./byte_stream.ts";

/** A connection through the public streams of node:net: the same promises as `handle_stream.ts`, at more cost. */
export class NodeStream implements ByteStream {
  readonly #socket: Socket;
  #reader: ByteReader | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => socket.destroy());
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  get pendingBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength;
  }

  read(reader: ByteReader): void {
    const isFirst = this.#reader === undefined;
    this.#reader = reader;
    if (!isFirst) return;
    const socket = this.#socket;
    // A copy: where the runtime lends its bytes, they are not ours to unmask.
    socket.on("data", (bytes: Uint8Array) => this.#reader?.onBytes(new Uint8Array(bytes)));
    socket.on("end", () => this.#reader?.onEnd());
    socket.on("drain", () => this.#reader?.onDrain());
    socket.on("close", () => this.#reader?.onClose());
    socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  end(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

import { Frame } from "../../core/frame.ts";
import type { Codec } from "../../protocol/codec.ts";
import { disconnectPush } from "../../protocol/json_codec.ts";
import type { Socket } from "../socket.ts";

/** A stream as a socket: a stream has no close frame, so the reason goes out as its last push. */
export class EmulatedSocket implements Socket {
  readonly #stream: Socket;

  readonly #codec: Codec;

  constructor(stream: Socket, codec: Codec) {
    this.#stream = stream;
    this.#codec = codec;
  }

  send(frame: Frame): void {
    this.#stream.send(frame);
  }

  sendBinary(bytes: Uint8Array<ArrayBuffer>): void {
    this.#stream.sendBinary(bytes);
  }

  close(code: number, reason: string): void {
    this.#stream.send(Frame.root().extend(this.#codec.encode(disconnectPush(code, reason))));
    this.#stream.close(code, reason);
  }

  terminate(): void {
    this.#stream.terminate();
  }

  get bufferedAmount(): number {
    return this.#stream.bufferedAmount;
  }
}

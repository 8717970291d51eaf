import type { Close } from "../../core/errors.ts";
import type { Acceptor, Frame, Handshake, Socket, SocketListener } from "../../server/mod.ts";
import { type CloseSweep, type Closing } from "../close_sweep.ts";
import type { HttpLog } from "../log.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How frames stand in the body of a response. */
export interface StreamFraming {
  /** A frame of text. One that is none tells its own length, and stands as it is. */
  text(frame: Frame): Bytes;
}

/** What all streams of a server share. */
export interface StreamShared {
  /** Cuts off those who do not read what they are still owed after a close. */
  readonly sweep: CloseSweep;
  readonly log: HttpLog;
}

const GONE: Close = { code: 1006, reason: "" };

/** The body of a response as a socket: what is sent goes down the body, what comes is handed in by {@linkcode receive}. */
export class StreamSocket implements Socket, Closing {
  readonly body: ReadableStream<Bytes>;
  readonly #framing: StreamFraming;
  readonly #shared: StreamShared;
  #controller: ReadableStreamDefaultController<Bytes> | undefined;
  #listener: SocketListener | undefined;
  #isOver = false;

  constructor(framing: StreamFraming, shared: StreamShared) {
    this.#framing = framing;
    this.#shared = shared;
    // Without a mark of its own the stream wants nothing, and `desiredSize` is what waits, below zero.
    const strategy = { highWaterMark: 0, size: ({ length }: Bytes) => length };
    this.body = new ReadableStream<Bytes>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => this.#end(GONE),
    }, strategy);
  }

  /** Hands the open socket to its owner. */
  open(acceptor: Acceptor, handshake: Handshake): void {
    this.#listener = acceptor(this, handshake);
  }

  /** Hands a message of the client to the owner. */
  receive(data: string | Bytes): void {
    if (!this.#isOver) this.#listener?.onMessage(data);
  }

  send(frame: Frame): void {
    this.sendBinary(frame.isBinary ? frame.bytes() : this.#framing.text(frame));
  }

  sendBinary(bytes: Bytes): void {
    if (!this.#isOver) this.#controller?.enqueue(bytes);
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return;
    if (this.bufferedAmount > 0) this.#shared.sweep.add(this);
    this.#controller?.close();
    this.#end({ code, reason });
  }

  terminate(): void {
    this.expire();
    this.#end(GONE);
  }

  get bufferedAmount(): number {
    return -(this.#controller?.desiredSize ?? 0);
  }

  expire(): void {
    this.#controller?.error(new Error("Cannot finish the stream: the peer does not read"));
  }

  /** The owner hears of the end once, and never within a call of its own. */
  #end(close: Close): void {
    if (this.#isOver) return;
    this.#isOver = true;
    queueMicrotask(() => this.#tellEnd(close));
  }

  #tellEnd({ code, reason }: Close): void {
    try {
      this.#listener?.onClose(code, reason);
    } catch (error) {
      this.#shared.log.error("a socket listener threw", { error });
    }
    this.#listener = undefined;
  }
}

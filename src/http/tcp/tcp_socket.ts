import { type Close, closeTable } from "../../core/errors.ts";
import { bytesFrame, OPCODE } from "../../core/ws_frame.ts";
import type { Acceptor, Frame, Handshake, Socket, SocketListener } from "../../server/mod.ts";
import { sendableClose } from "../close.ts";
import type { CloseSweep, Closing } from "../close_sweep.ts";
import type { HttpLog } from "../log.ts";
import type { ByteReader, ByteStream } from "./byte_stream.ts";
import type { Compression, SocketCompression } from "./deflate/compression.ts";
import type { Deflater } from "./deflate/deflater.ts";
import { FrameParser, type FrameSink } from "./frame_parser.ts";

/** What all sockets of a transport share. */
export interface SocketShared {
  readonly maxMessageBytes: number;
  /** Undefined when nothing is compressed. */
  readonly compression?: Compression | undefined;
  readonly sweep: CloseSweep;
  readonly sockets: Set<TcpSocket>;
  readonly log: HttpLog;
}

/** Pings that may stay unanswered because the peer does not read: then it is cut off. */
const MAX_UNREAD_PONGS = 1_000;
const NO_STATUS = 1005;
const GONE: Close = { code: 1006, reason: "" };
const encoder = new TextEncoder();

/** A WebSocket on a {@linkcode ByteStream}. */
export class TcpSocket implements Socket, ByteReader, FrameSink, Closing {
  readonly #stream: ByteStream;
  readonly #shared: SocketShared;
  readonly #parser: FrameParser;
  readonly #deflater: Deflater | undefined;
  #listener: SocketListener | undefined;
  /** Our close frame is out; the owner hears of this close. */
  #ending: Close | undefined;
  #unreadPongs = 0;
  #isOver = false;

  /** `compression`: what was agreed with the peer. */
  constructor(stream: ByteStream, shared: SocketShared, compression?: SocketCompression) {
    this.#stream = stream;
    this.#shared = shared;
    this.#deflater = compression?.deflater;
    this.#parser = new FrameParser(shared.maxMessageBytes, compression?.inflater);
    shared.sockets.add(this);
    stream.read(this);
  }

  /** Hands the open socket to its owner. */
  open(acceptor: Acceptor, handshake: Handshake): void {
    try {
      this.#listener = acceptor(this, handshake);
    } catch (error) {
      this.#fail("an acceptor threw", error);
    }
  }

  send(frame: Frame): void {
    if (this.#isOpen) this.#stream.write(this.#deflater?.frame(frame) ?? frame.wire());
  }

  sendBinary(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#isOpen) return;
    this.#stream.write(this.#deflater?.message(OPCODE.binary, bytes) ?? bytesFrame(OPCODE.binary, bytes));
  }

  close(code: number, reason: string): void {
    if (this.#isOpen) this.#startClosing(sendableClose(code, reason));
  }

  terminate(): void {
    this.#stream.destroy();
  }

  get bufferedAmount(): number {
    return this.#stream.pendingBytes;
  }

  expire(): void {
    this.terminate();
  }

  onBytes(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isOver) return;
    const fault = this.#parser.push(bytes, this);
    if (fault === undefined) return;
    if (this.#ending === undefined) this.#startClosing(fault);
    // What else comes cannot be understood, a close frame neither.
    this.#endStream();
  }

  onText(text: string): boolean {
    return this.#deliver(text);
  }

  onBinary(bytes: Uint8Array<ArrayBuffer>): boolean {
    return this.#deliver(bytes);
  }

  onPing(payload: Uint8Array<ArrayBuffer>): boolean {
    if (!this.#isOpen) return true;
    // A peer that reads gets a pong; one that does not would only make us hoard them.
    if (this.#stream.pendingBytes === 0) this.#stream.write(bytesFrame(OPCODE.pong, payload));
    else if (++this.#unreadPongs > MAX_UNREAD_PONGS) this.terminate();
    return true;
  }

  onPong(): boolean {
    return true;
  }

  onCloseFrame(code: number, reason: string): boolean {
    if (this.#ending === undefined) {
      this.#ending = { code, reason };
      this.#stream.write(closeFrame(code, ""));
      this.#shared.sweep.add(this);
    }
    // With nothing left to say and nothing left to hear, a close is no reset.
    if (this.#stream.pendingBytes === 0) this.#stream.destroy();
    else this.#endStream();
    return false;
  }

  onEnd(): void {
    if (this.#isOver || this.#stream.pendingBytes === 0) return this.#stream.destroy();
    // It may still read: it gets as long for the rest as for an answer to a close.
    this.#shared.sweep.add(this);
    this.#isOver = true;
  }

  onDrain(): void {
    this.#unreadPongs = 0;
  }

  onClose(): void {
    this.#isOver = true;
    this.#deflater?.close();
    this.#shared.sockets.delete(this);
    this.#tellEnd(this.#ending ?? GONE);
  }

  get #isOpen(): boolean {
    return this.#ending === undefined && !this.#isOver;
  }

  #deliver(message: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#listener === undefined || this.#ending !== undefined) return true;
    try {
      this.#listener.onMessage(message);
    } catch (error) {
      this.#fail("a socket listener threw", error);
    }
    return true;
  }

  #startClosing(close: Close): void {
    this.#ending = close;
    this.#stream.write(closeFrame(close.code, close.reason));
    this.#shared.sweep.add(this);
  }

  /** Nothing more is said; the peer's own end, or the sweep, frees the descriptor. */
  #endStream(): void {
    this.#isOver = true;
    this.#stream.end();
  }

  #tellEnd(close: Close): void {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    try {
      listener.onClose(close.code, close.reason);
    } catch (error) {
      this.#shared.log.error("a socket listener threw", { error });
    }
  }

  #fail(message: string, error: unknown): void {
    this.#shared.log.error(message, { error });
    this.close(closeTable.serverError.code, closeTable.serverError.reason);
  }
}

function closeFrame(code: number, reason: string): Uint8Array<ArrayBuffer> {
  if (code === NO_STATUS) return bytesFrame(OPCODE.close, new Uint8Array(0));
  const text = encoder.encode(reason);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return bytesFrame(OPCODE.close, payload);
}

// npm:ws bounds what `Deno.upgradeWebSocket` cannot: fragments, pings and peers that do not read.
// @ts-types="@types/ws"
import { type RawData, WebSocket } from "ws";
import { type Close, closeTable } from "../core/errors.ts";
import type { Acceptor, Frame, Handshake, Socket, SocketListener } from "../server/mod.ts";
import { sendableClose } from "./close.ts";
import type { CloseSweep, Closing } from "./close_sweep.ts";
import type { HttpLog } from "./log.ts";

/** What all sockets of a ws transport share. */
export interface WsShared {
  readonly sweep: CloseSweep;
  readonly sockets: Set<WsSocket>;
  readonly log: HttpLog;
}

/** A WebSocket that knows its {@linkcode WsSocket}, so that one handler function serves all of them. */
export class OwnedWebSocket extends WebSocket {
  owner: WsSocket | undefined;
}

const TEXT = { binary: false };
const BINARY = { binary: true };
const TOO_BIG: Close = { code: 1009, reason: "message too big" };
const PROTOCOL_ERROR: Close = { code: 1002, reason: "protocol error" };

/** A socket of npm:ws. */
export class WsSocket implements Socket, Closing {
  readonly #webSocket: OwnedWebSocket;
  readonly #shared: WsShared;
  #listener: SocketListener | undefined;
  #ending: Close | undefined;

  constructor(webSocket: OwnedWebSocket, shared: WsShared) {
    this.#webSocket = webSocket;
    this.#shared = shared;
    webSocket.owner = this;
    webSocket.on("message", onMessage);
    webSocket.on("close", onClose);
    webSocket.on("error", onError);
    shared.sockets.add(this);
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
    if (this.#isOpen()) this.#webSocket.send(frame.bytes(), TEXT);
  }

  sendBinary(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isOpen()) this.#webSocket.send(bytes, BINARY);
  }

  close(code: number, reason: string): void {
    if (this.#ending !== undefined || !this.#isOpen()) return;
    this.#ending = sendableClose(code, reason);
    this.#webSocket.close(this.#ending.code, this.#ending.reason);
    this.#shared.sweep.add(this);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  get bufferedAmount(): number {
    return this.#webSocket.bufferedAmount;
  }

  expire(): void {
    this.terminate();
  }

  /** The peer has ended its half: it gets as long for the rest as for an answer to a close. */
  peerEnded(): void {
    this.#shared.sweep.add(this);
  }

  /** Called by the shared handlers only. */
  received(data: RawData, isBinary: boolean): void {
    if (this.#listener === undefined || this.#ending !== undefined) return;
    try {
      this.#listener.onMessage(isBinary ? toBytes(data) : data.toString());
    } catch (error) {
      this.#fail("a socket listener threw", error);
    }
  }

  /** Called by the shared handlers only; npm:ws has sent the close frame that fits the error. */
  failed(error: Error): void {
    const isTooBig = "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
    this.#ending ??= isTooBig ? TOO_BIG : PROTOCOL_ERROR;
    this.#shared.sweep.add(this);
  }

  /** Called by the shared handlers only. */
  closed(code: number, reason: string): void {
    this.#shared.sockets.delete(this);
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    try {
      listener.onClose(this.#ending?.code ?? code, this.#ending?.reason ?? reason);
    } catch (error) {
      this.#shared.log.error("a socket listener threw", { error });
    }
  }

  #fail(message: string, error: unknown): void {
    this.#shared.log.error(message, { error });
    this.close(closeTable.serverError.code, closeTable.serverError.reason);
  }

  #isOpen(): boolean {
    return this.#webSocket.readyState === WebSocket.OPEN;
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  if (this instanceof OwnedWebSocket) this.owner?.received(data, isBinary);
}

function onClose(this: WebSocket, code: number, reason: Uint8Array): void {
  if (this instanceof OwnedWebSocket) this.owner?.closed(code, reason.toString());
}

function onError(this: WebSocket, error: Error): void {
  if (this instanceof OwnedWebSocket) this.owner?.failed(error);
}

/** A copy: what npm:ws hands out may be a view into a larger read buffer, which it would keep alive. */
function toBytes(data: RawData): Uint8Array<ArrayBuffer> {
  if (Array.isArray(data)) {
    throw new TypeError("Cannot read a message in pieces: binaryType is not nodebuffer");
  }
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data);
}

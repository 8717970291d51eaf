import { closeTable } from "../core/errors.ts";
import { utf8Length } from "../core/utf8.ts";
import type { Acceptor, Frame, Handshake, Socket, SocketListener } from "../server/mod.ts";
import { sendableClose } from "./close.ts";
import type { CloseSweep, Closing } from "./close_sweep.ts";
import type { HttpLog } from "./log.ts";

/** What all sockets of a native transport share. */
export interface NativeShared {
  readonly maxMessageBytes: number;
  readonly sweep: CloseSweep;
  readonly sockets: Set<NativeSocket>;
  readonly log: HttpLog;
}

/**
 * A socket of `Deno.upgradeWebSocket`. It is its own event listener, because a closure per socket and event costs
 * kilobytes at every connection.
 */
export class NativeSocket implements Socket, EventListenerObject, Closing {
  readonly #webSocket: WebSocket;
  readonly #shared: NativeShared;
  #opening: { readonly acceptor: Acceptor; readonly handshake: Handshake } | undefined;
  #listener: SocketListener | undefined;
  #asked: { readonly code: number; readonly reason: string } | undefined;

  constructor(webSocket: WebSocket, acceptor: Acceptor, handshake: Handshake, shared: NativeShared) {
    this.#webSocket = webSocket;
    this.#shared = shared;
    this.#opening = { acceptor, handshake };
    webSocket.binaryType = "arraybuffer";
    webSocket.addEventListener("open", this);
    webSocket.addEventListener("message", this);
    webSocket.addEventListener("close", this);
    webSocket.addEventListener("error", this);
    shared.sockets.add(this);
  }

  send(frame: Frame): void {
    if (this.#isOpen()) this.#webSocket.send(frame.text);
  }

  sendBinary(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isOpen()) this.#webSocket.send(bytes);
  }

  close(code: number, reason: string): void {
    if (this.#asked !== undefined || !this.#isOpen()) return;
    this.#asked = sendableClose(code, reason);
    this.#webSocket.close(this.#asked.code, this.#asked.reason);
    this.#shared.sweep.add(this);
  }

  terminate(): void {
    const { code, reason } = closeTable.connectionClosed;
    this.close(code, reason);
    this.expire();
  }

  get bufferedAmount(): number {
    return this.#webSocket.bufferedAmount;
  }

  /** The peer does not answer the close: its descriptor cannot be freed here, but its owner need not wait. */
  expire(): void {
    this.#end(1006, "");
  }

  /** Called by the runtime; `event` may be any of the four subscribed to. */
  handleEvent(event: Event): void {
    if (event instanceof MessageEvent) this.#onMessage(event.data);
    else if (event.type === "open") this.#onOpen();
    else if (event instanceof CloseEvent) this.#end(event.code, event.reason);
    // An "error" is always followed by "close"; the event is subscribed to because an unheard one is printed.
  }

  #onOpen(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    if (opening === undefined) return;
    try {
      this.#listener = opening.acceptor(this, opening.handshake);
    } catch (error) {
      this.#fail("an acceptor threw", error);
    }
  }

  #onMessage(data: unknown): void {
    if (this.#listener === undefined || this.#asked !== undefined) return;
    const message = data instanceof ArrayBuffer ? new Uint8Array(data) : String(data);
    if (isLonger(message, this.#shared.maxMessageBytes)) {
      const { code, reason } = closeTable.badRequest;
      return this.close(code, reason);
    }
    try {
      this.#listener.onMessage(message);
    } catch (error) {
      this.#fail("a socket listener threw", error);
    }
  }

  #end(code: number, reason: string): void {
    this.#shared.sockets.delete(this);
    this.#opening = undefined;
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    try {
      listener.onClose(this.#asked?.code ?? code, this.#asked?.reason ?? reason);
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

function isLonger(message: string | Uint8Array, maxBytes: number): boolean {
  if (typeof message !== "string") return message.length > maxBytes;
  // A UTF-16 unit is at most three bytes of UTF-8: most messages need no exact count.
  if (message.length * 3 <= maxBytes) return false;
  return message.length > maxBytes || utf8Length(message) > maxBytes;
}

import { closeTable } from "../../core/errors.ts";
import { addressParty } from "../../core/ip_address.ts";
import type { Acceptor, SocketListener } from "../socket.ts";

/** Hears nothing: its socket is being closed. */
const DEAF: SocketListener = { onMessage: () => {}, onClose: () => {} };

/** Open sockets by client address; the addresses of one IPv6 network of 64 bits are one. */
export class AddressCounts {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  /** `limit`: sockets of one address; 0 is no limit, and then nothing is counted. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether another socket of `address` would be too many. */
  isFull(address: string): boolean {
    return this.#limit > 0 && this.#of(addressParty(address)) >= this.#limit;
  }

  /** The acceptor, with its sockets counted. Those that many handshakes at once brought past the limit are closed. */
  guard(acceptor: Acceptor, onRefusal: () => void): Acceptor {
    if (this.#limit === 0) return acceptor;
    return (socket, handshake) => {
      const party = addressParty(handshake.remoteAddress);
      if (this.#of(party) >= this.#limit) {
        onRefusal();
        const { code, reason } = closeTable.tooManyRequests;
        socket.close(code, reason);
        return DEAF;
      }
      const listener = acceptor(socket, handshake);
      this.#counts.set(party, this.#of(party) + 1);
      return new CountedListener(listener, () => this.#leave(party));
    };
  }

  #of(party: string): number {
    return this.#counts.get(party) ?? 0;
  }

  #leave(party: string): void {
    const left = this.#of(party) - 1;
    if (left > 0) this.#counts.set(party, left);
    else this.#counts.delete(party);
  }
}

/** Tells when its socket has ended. */
class CountedListener implements SocketListener {
  readonly #listener: SocketListener;
  readonly #onEnd: () => void;

  constructor(listener: SocketListener, onEnd: () => void) {
    this.#listener = listener;
    this.#onEnd = onEnd;
  }

  onMessage(data: string | Uint8Array<ArrayBuffer>): void {
    this.#listener.onMessage(data);
  }

  onClose(code: number, reason: string): void {
    this.#onEnd();
    this.#listener.onClose(code, reason);
  }
}

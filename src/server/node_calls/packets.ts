import type { Bus, Receivers } from "../../backend/backend.ts";
import type { NodeId } from "../../core/ids.ts";
import { packetHead } from "../../protocol/node_packet.ts";

/** A packet that has grown to so many characters leaves before its tick ends. */
const EARLY_FLUSH_CHARS = 64 * 1024;

/** Called once when the packet that carried a record has left, or could not. */
export interface Carried {
  /** The backend took it and handed it to so many nodes. */
  onSent(receivers: Receivers): void;
  /** The backend did not take it, or its outcome is unknown. */
  onUnsent(error: unknown): void;
}

interface Packet {
  text: string;
  readonly carried: Carried[];
}

/**
 * Gathers what each node is told in one tick into one packet: a message between nodes costs more than the records in
 * it. Holds nothing past the tick; what is then under way is bounded by the backend.
 */
export class Packets {
  readonly #bus: Pick<Bus, "sendToNode">;
  readonly #head: string;
  #packets = new Map<NodeId, Packet>();
  readonly #flush = () => this.flush();

  constructor(bus: Pick<Bus, "sendToNode">, self: NodeId) {
    this.#bus = bus;
    this.#head = packetHead(self);
  }

  /** Sends `record` to `node` with this tick's packet. */
  push(node: NodeId, record: string, carried?: Carried): void {
    let packet = this.#packets.get(node);
    if (packet === undefined) {
      // Two hops, as the outbox: the handlers of all sockets that are ready run first.
      if (this.#packets.size === 0) queueMicrotask(() => queueMicrotask(this.#flush));
      this.#packets.set(node, packet = { text: this.#head, carried: [] });
    }
    packet.text += record;
    if (carried !== undefined) packet.carried.push(carried);
    if (packet.text.length < EARLY_FLUSH_CHARS) return;
    this.#packets.delete(node);
    this.#send(node, packet);
  }

  /** Sends all that was gathered. */
  flush(): void {
    const packets = this.#packets;
    if (packets.size === 0) return;
    this.#packets = new Map();
    for (const [node, packet] of packets) this.#send(node, packet);
  }

  #send(node: NodeId, { text, carried }: Packet): void {
    this.#bus.sendToNode(node, text).then(
      (receivers) => {
        for (const each of carried) each.onSent(receivers);
      },
      (error) => {
        for (const each of carried) each.onUnsent(error);
      },
    );
  }
}

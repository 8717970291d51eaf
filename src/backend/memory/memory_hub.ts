import { type Clock, systemClock } from "../../core/clock.ts";
import { type NodeId, randomText } from "../../core/ids.ts";
import { ChannelTable, type Member, type Message } from "./channel_table.ts";
import { CounterTable } from "./counter_table.ts";
import { NodeTable } from "./node_table.ts";

/**
 * What the nodes of one process share: channels, registry and counters. Every call takes effect before it returns, and
 * messages reach members in the order of the calls.
 */
export class MemoryHub {
  readonly channels = new ChannelTable();
  readonly registry: NodeTable;
  readonly counters: CounterTable;
  readonly #members = new Map<NodeId, Member>();

  constructor(clock: Clock = systemClock) {
    const now = steadyWallClock(clock);
    const isListening = (node: NodeId) => this.#members.has(node);
    this.registry = new NodeTable({ now, isListening, generation: randomText(13) });
    this.counters = new CounterTable(now);
  }

  /** Lets `member` receive what is sent to `node`. Throws `TypeError` when that id is connected already. */
  join(node: NodeId, member: Member): void {
    if (this.#members.has(node)) {
      throw new TypeError(`Cannot join as node "${node}": it is connected; every start needs a new id`);
    }
    this.#members.set(node, member);
  }

  /** Ends what {@linkcode MemoryHub.join} began; subscriptions are the member's own to end. */
  part(node: NodeId): void {
    this.#members.delete(node);
  }

  /** Hands `message` to `node`; to nobody when it is not connected. */
  sendToNode(node: NodeId, message: Message): void {
    this.#members.get(node)?.takeNodeMessage(message);
  }

  /** Hands `message` to every member. */
  sendToAll(message: Message): void {
    for (const member of this.#members.values()) member.takeNodeMessage(message);
  }
}

/** Wall time that never steps: read once, then moved on by the monotonic clock. Whole milliseconds. */
function steadyWallClock(clock: Clock): () => number {
  const offsetMs = clock.wallMs() - clock.monotonicMs();
  return () => Math.floor(clock.monotonicMs() + offsetMs);
}

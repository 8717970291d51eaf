import { type Clock, systemClock } from "../../core/clock.ts";
import { type NodeId, randomText } from "../../core/ids.ts";
import { encodePositioned } from "../../protocol/envelope.ts";
import type { StreamPosition } from "../backend.ts";
import { ChannelTable, type Member, type Message } from "./channel_table.ts";
import { CounterTable } from "./counter_table.ts";
import { NodeTable } from "./node_table.ts";
import { PresenceTable } from "./presence_table.ts";
import { RevocationTable } from "./revocation_table.ts";
import { QuotaTable } from "./quota_table.ts";
import { ServiceTable } from "./service_table.ts";
import { type AppendOptions, StreamTable } from "./stream_table.ts";

const EPOCH_CHARACTERS = 8;

/**
 * What the nodes of one process share: channels, registry, counters, quotas, histories, presence and services. Every call takes effect
 * before it returns, and messages reach members in the order of the calls.
 */
export class MemoryHub {
  readonly channels = new ChannelTable();
  readonly registry: NodeTable;
  readonly counters: CounterTable;
  readonly revocations: RevocationTable;
  readonly quotas: QuotaTable;
  readonly streams: StreamTable;
  readonly presence: PresenceTable;
  readonly services: ServiceTable;
  readonly #members = new Map<NodeId, Member>();

  constructor(clock: Clock = systemClock) {
    const now = steadyWallClock(clock);
    const isListening = (node: NodeId) => this.#members.has(node);
    const dropOwned = (node: NodeId, most: number) => {
      const count = this.presence.drop(node, most);
      return count + this.services.drop(node, most - count);
    };
    this.registry = new NodeTable({ now, isListening, dropOwned, generation: randomText(13) });
    this.counters = new CounterTable(now);
    this.revocations = new RevocationTable(now);
    this.quotas = new QuotaTable({
      isRegistered: (node) => this.registry.isRegistered(node),
      isBuried: (node) => this.registry.isBuried(node),
    });
    this.streams = new StreamTable({ now, newEpoch: () => randomText(EPOCH_CHARACTERS) });
    this.presence = new PresenceTable({
      publish: (channel, text) => this.channels.publish(channel, { text }),
      isBuried: (node) => this.registry.isBuried(node),
    });
    this.services = new ServiceTable({
      tell: (text) => this.sendToAll({ text }),
      isBuried: (node) => this.registry.isBuried(node),
      newEpoch: () => randomText(EPOCH_CHARACTERS),
    });
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

  /** Appends `message` to the history of `channel` and hands it, with its position, to the subscribers. Throws
   * {@linkcode ClientError} 111, with nothing done, when too much is remembered. */
  publishStored(channel: string, message: string, options: AppendOptions): StreamPosition {
    const { position, isRepeat } = this.streams.append(channel, message, options);
    if (isRepeat) return position;
    this.channels.publish(channel, { text: encodePositioned(position.epoch, position.offset, message) });
    return position;
  }

  /** Hands `message` to `node`; to nobody when it is not connected. Answers how many got it. */
  sendToNode(node: NodeId, message: Message): number {
    const member = this.#members.get(node);
    member?.takeNodeMessage(message);
    return member === undefined ? 0 : 1;
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

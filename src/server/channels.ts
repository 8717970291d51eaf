/**
 * The channels this node has an interest in, and who on this node subscribes to them. The bus hears of a channel once,
 * when its first subscriber comes, and is told to stop some time after the last one left.
 */
import type { Bus } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import { channelKey, splitChannelKey } from "../protocol/channel_name.ts";
import { decodePositioned, decodePresence, decodePublication } from "../protocol/envelope.ts";
import { pushPrefix } from "../protocol/json_codec.ts";
import { type FanOut, type FanOutChannel } from "./fan_out.ts";
import { LiveChannel } from "./live_channel.ts";
import { Publication, type Subscriber } from "./publication.ts";

/** One channel on this node. */
export class Channel implements FanOutChannel {
  readonly key: string;
  readonly name: string;
  /** What every push of this channel begins with. */
  readonly prefix: string;
  readonly subscribers = new Set<Subscriber>();
  /** Present once a subscriber wanted more than publications. */
  live: LiveChannel | undefined;
  /** Subscribers whose subscribe is under way. */
  joining = 0;
  /** Resolves once the bus confirmed the channel; undefined when it has. */
  confirming: Promise<void> | undefined;
  held: Publication[] | undefined;
  restsUntilMs = 0;
  /** When the last subscriber left, on the monotonic clock; undefined while there is one. */
  emptySinceMs: number | undefined;

  constructor(key: string) {
    this.key = key;
    this.name = splitChannelKey(key).channel;
    this.prefix = pushPrefix(this.name);
  }

  /** Nobody here wants it. */
  get isEmpty(): boolean {
    return this.subscribers.size === 0 && this.joining === 0;
  }
}

/** Two steps of a subscribe: the promise, if any, must resolve before {@linkcode Channels.add}. */
export interface Joining {
  readonly channel: Channel;
  readonly confirmed: Promise<void> | undefined;
}

/** All channels of one node. */
export class Channels {
  readonly #channels = new Map<string, Channel>();
  readonly #empty = new Set<Channel>();
  readonly #bus: Bus;
  readonly #fanOut: FanOut;
  readonly #clock: Clock;

  constructor(bus: Bus, fanOut: FanOut, clock: Clock) {
    this.#bus = bus;
    this.#fanOut = fanOut;
    this.#clock = clock;
  }

  /** How many channels this node has an interest in. */
  get size(): number {
    return this.#channels.size;
  }

  /** Every channel this node has an interest in. */
  all(): Iterable<Channel> {
    return this.#channels.values();
  }

  /** Starts a subscribe. Ends with {@linkcode add} or {@linkcode cancel}. */
  join(workspace: string, name: string): Joining {
    const key = channelKey(workspace, name);
    const channel = this.#channels.get(key) ?? this.#open(key);
    channel.joining++;
    return { channel, confirmed: channel.confirming };
  }

  /** What `channel` keeps for subscribers who want more than publications; holds `maxHeldBytes` for those who join. */
  liven(channel: Channel, maxHeldBytes: number): LiveChannel {
    return channel.live ??= new LiveChannel(channel, maxHeldBytes);
  }

  /** Ends a subscribe well: from now on `subscriber` gets what is published. */
  add(channel: Channel, subscriber: Subscriber): void {
    channel.joining--;
    channel.subscribers.add(subscriber);
  }

  /** Ends a subscribe without a subscription. */
  cancel(channel: Channel, nowMs: number): void {
    channel.joining--;
    this.#markIfEmpty(channel, nowMs);
  }

  /** Ends a subscription. */
  remove(channel: Channel, subscriber: Subscriber, nowMs: number): void {
    channel.subscribers.delete(subscriber);
    this.#markIfEmpty(channel, nowMs);
  }

  /** Gives up the channels that have been empty for `delayMs`; a subscriber who returns sooner finds them open. */
  sweep(nowMs: number, delayMs: number): void {
    for (const channel of this.#empty) {
      if (!channel.isEmpty) this.#empty.delete(channel);
      else if (nowMs - (channel.emptySinceMs ?? nowMs) >= delayMs) this.#drop(channel);
    }
  }

  /** Hands a message of the bus to the local subscribers. */
  deliver(key: string, message: string): void {
    const channel = this.#channels.get(key);
    if (channel === undefined) return;
    const envelope = decodePublication(message);
    if (envelope === undefined) return this.#deliverOther(channel, message);
    const publication = new Publication(
      channel.name,
      channel.prefix,
      envelope,
      undefined,
      channel.live?.before,
    );
    channel.live?.hear(publication, this.#clock.monotonicMs());
    this.#fanOut.deliver(channel, publication);
  }

  /** What is no plain publication: one with a position, a join, a leave. */
  #deliverOther(channel: Channel, message: string): void {
    const { live, name, prefix } = channel;
    const positioned = decodePositioned(message);
    if (positioned === undefined) {
      const presence = decodePresence(message);
      if (presence !== undefined) live?.tell(presence.kind, presence.info);
      return;
    }
    const envelope = decodePublication(positioned.message);
    if (envelope === undefined) return;
    const place = live?.placeOf(positioned) ?? { offset: positioned.offset, epoch: positioned.epoch };
    const publication = new Publication(name, prefix, envelope, place, live?.before);
    live?.hear(publication, this.#clock.monotonicMs());
    this.#fanOut.deliver(channel, publication);
  }

  #open(key: string): Channel {
    const channel = new Channel(key);
    this.#channels.set(key, channel);
    this.#confirm(channel);
    return channel;
  }

  #confirm(channel: Channel): void {
    channel.confirming = this.#bus.subscribe(channel.key).then(
      () => {
        channel.confirming = undefined;
      },
      (error) => {
        this.#forget(channel);
        throw error;
      },
    );
    channel.confirming.catch(() => {}); // each joiner handles its own rejection; nobody may be waiting any more
  }

  /** A channel whose subscribe failed must not be taken for confirmed by the next who asks. */
  #forget(channel: Channel): void {
    if (this.#channels.get(channel.key) !== channel) return;
    this.#channels.delete(channel.key);
    this.#bus.unsubscribe(channel.key);
  }

  #markIfEmpty(channel: Channel, nowMs: number): void {
    if (!channel.isEmpty) return;
    channel.emptySinceMs = nowMs;
    this.#empty.add(channel);
  }

  #drop(channel: Channel): void {
    this.#empty.delete(channel);
    this.#forget(channel);
  }
}

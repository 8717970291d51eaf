/**
 * What a channel with more than plain subscribers keeps on this node: their subscriptions, what was heard last, and what
 * arrives while somebody is joining.
 */
import type { StreamPosition } from "../backend/backend.ts";
import { presencePush } from "../protocol/json_codec.ts";
import type { PositionedEnvelope } from "../protocol/envelope.ts";
import { followUp, stepFrom } from "./positions.ts";
import type { Publication } from "./publication.ts";
import type { Subscription, SubscriptionHolder } from "./subscription.ts";
import type { TagFilter } from "./tag_filter.ts";

interface Heard {
  /** Undefined at the start of a chain. */
  readonly publication: Publication | undefined;
  next: Heard | undefined;
}

/** Somebody whose subscribe is under way. */
export class Joiner {
  readonly client: string;
  /** The last that was heard before; what matters comes after it. */
  tail: Heard;
  readonly startBytes: number;
  /** So much arrived that it was let go; the joiner must try again. */
  isVoid = false;
  /** Its own join, if that came before its subscription began. */
  ownJoin: string | undefined;

  constructor(client: string, tail: Heard, startBytes: number) {
    this.client = client;
    this.tail = tail;
    this.startBytes = startBytes;
  }
}

/** What is known of a channel by its name alone. */
export interface ChannelNames {
  readonly key: string;
  readonly name: string;
  readonly prefix: string;
}

/** The part of a channel that plain subscribers do not need. */
export class LiveChannel {
  readonly names: ChannelNames;
  readonly #maxHeldBytes: number;
  readonly #subscriptions = new Map<SubscriptionHolder, Subscription>();
  readonly #joiners = new Map<string, Joiner>();
  readonly #filters = new Map<string, { readonly filter: TagFilter; users: number }>();
  #tail: Heard | undefined;
  #heardBytes = 0;
  #position: StreamPosition | undefined;
  #before: string | undefined;
  #positioned = 0;
  #listeners = 0;
  #deltas = 0;
  /** When something was last heard, on the monotonic clock. */
  heardMs = 0;

  constructor(names: ChannelNames, maxHeldBytes: number) {
    this.names = names;
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** What was heard last; undefined before anything is known. */
  get position(): StreamPosition | undefined {
    return this.#position;
  }

  /** Somebody here relies on missing nothing. */
  get hasPositioned(): boolean {
    return this.#positioned > 0;
  }

  /** Payload that the next publication may be told as a difference to. */
  get before(): string | undefined {
    return this.#before;
  }

  /** Notes a publication before it is delivered. */
  hear(publication: Publication, nowMs: number): void {
    if (this.#deltas > 0) this.#before = publication.base;
    this.heardMs = nowMs;
    if (publication.offset > 0) this.#position = publication.place;
    if (this.#joiners.size > 0) this.#hold(publication);
  }

  /** The offset and epoch of an envelope, with the epoch that is known already where it is the same. */
  placeOf({ offset, epoch }: PositionedEnvelope): StreamPosition {
    return { offset, epoch: this.#position?.epoch === epoch ? this.#position.epoch : epoch };
  }

  /** Starts a subscribe: what is heard from now on will be there at {@linkcode followUp}. */
  join(client: string): Joiner {
    const tail: Heard = this.#tail ?? { publication: undefined, next: undefined };
    this.#tail = tail;
    const joiner = new Joiner(client, tail, this.#heardBytes);
    this.#joiners.set(client, joiner);
    return joiner;
  }

  /** Ends a subscribe, well or not. */
  release(joiner: Joiner): void {
    if (this.#joiners.get(joiner.client) === joiner) this.#joiners.delete(joiner.client);
    if (this.#joiners.size === 0) this.#tail = undefined;
  }

  /** What `joiner` gets after `top`; undefined when it does not follow and the joiner must try again. */
  followUp(joiner: Joiner, top: StreamPosition): readonly Publication[] | undefined {
    if (joiner.isVoid) return undefined;
    const held: Publication[] = [];
    for (let at = joiner.tail.next; at !== undefined; at = at.next) {
      if (at.publication !== undefined) held.push(at.publication);
    }
    return followUp(top, held);
  }

  /** A subscription begins. */
  add(subscription: Subscription): void {
    const { isPositioned, wantsJoinLeave, wantsDelta } = subscription.terms;
    this.#subscriptions.set(subscription.holder, subscription);
    if (isPositioned) this.#positioned++;
    if (wantsJoinLeave) this.#listeners++;
    if (wantsDelta) this.#deltas++;
    if (isPositioned && this.#position === undefined) this.#position = subscription.position;
  }

  /** The subscription of `holder`. */
  get(holder: SubscriptionHolder): Subscription | undefined {
    return this.#subscriptions.get(holder);
  }

  /** Ends the subscription of `holder` and answers it. */
  remove(holder: SubscriptionHolder): Subscription | undefined {
    const subscription = this.#subscriptions.get(holder);
    if (subscription === undefined) return undefined;
    this.#subscriptions.delete(holder);
    subscription.end();
    const { isPositioned, wantsJoinLeave, wantsDelta, filter } = subscription.terms;
    if (isPositioned) this.#positioned--;
    if (wantsJoinLeave) this.#listeners--;
    if (wantsDelta && --this.#deltas === 0) this.#before = undefined;
    if (filter !== undefined) this.dropFilter(filter);
    return subscription;
  }

  /** The filter that others with the same text use already, or `filter`; {@linkcode dropFilter} gives it back. */
  shareFilter(filter: TagFilter): TagFilter {
    const known = this.#filters.get(filter.text);
    if (known === undefined) this.#filters.set(filter.text, { filter, users: 1 });
    else known.users++;
    return known?.filter ?? filter;
  }

  dropFilter({ text }: TagFilter): void {
    const known = this.#filters.get(text);
    if (known !== undefined && --known.users === 0) this.#filters.delete(text);
  }

  /** Somebody joined or left: tells those who want to know. `info` is JSON. */
  tell(kind: "join" | "leave", info: string): void {
    if (kind === "join" && this.#joiners.size > 0) this.#noteOwnJoin(info);
    if (this.#listeners === 0) return;
    const line = presencePush(this.names.prefix, kind, info);
    for (const { holder, terms } of this.#subscriptions.values()) if (terms.wantsJoinLeave) holder.send(line);
  }

  /** Ends every positioned subscription that `top` is ahead of, or foreign to. Answers how many those are. */
  loseBehind(top: StreamPosition): number {
    let count = 0;
    for (const subscription of [...this.#subscriptions.values()]) {
      const { position } = subscription;
      if (position === undefined || isUpTo(position, top)) continue;
      subscription.lose();
      count++;
    }
    if (this.#position === undefined || !isUpTo(this.#position, top)) this.#position = top;
    return count;
  }

  #hold(publication: Publication): void {
    const heard: Heard = { publication, next: undefined };
    if (this.#tail !== undefined) this.#tail.next = heard;
    this.#tail = heard;
    this.#heardBytes += publication.data.length;
    for (const [client, joiner] of this.#joiners) {
      // They stand in the order in which they came: the first holds the most.
      if (this.#heardBytes - joiner.startBytes <= this.#maxHeldBytes) break;
      joiner.isVoid = true;
      joiner.tail = heard;
      this.#joiners.delete(client);
    }
  }

  #noteOwnJoin(info: string): void {
    const { client } = JSON.parse(info) as { client?: string }; // written by a node of this cluster
    const joiner = this.#joiners.get(client ?? "");
    if (joiner !== undefined) joiner.ownJoin = info;
  }
}

/** True when somebody at `position` has all that there is at `top`. */
export function isUpTo(position: StreamPosition, top: StreamPosition): boolean {
  return stepFrom(position, top.offset, top.epoch) === "known";
}

/**
 * One subscription with more to it than getting what is published: a position, differences, a filter, a queue, or being
 * told who joins. Plain subscriptions need none of this: there the connection itself is the subscriber.
 */
import type { StreamPosition } from "../backend/backend.ts";
import type { Line } from "../core/frame.ts";
import type { SlowPolicy } from "./options.ts";
import { stepFrom } from "./positions.ts";
import type { Publication, PublicationBatch, Subscriber } from "./publication.ts";
import type { SlowQueue } from "./slow_policy.ts";
import type { TagFilter } from "./tag_filter.ts";

/** Whom a subscription belongs to. */
export interface SubscriptionHolder {
  /** Owes it a line with the frame of this tick. */
  send(line: Line): void;
  /** So much waits for it that what may be lost should not be added. */
  readonly isCongested: boolean;
  /** One of its subscriptions missed something and must start over. */
  lose(channel: string): void;
  /** `subscription` has publications waiting; {@linkcode Subscription.drain} is called when there may be room. */
  awaitRoom(subscription: Subscription): void;
}

/** What a subscriber asked for, as far as the channel's options grant it. */
export interface SubscriptionTerms {
  readonly isPositioned: boolean;
  readonly isRecoverable: boolean;
  /** It is in the channel's presence. */
  readonly isPresent: boolean;
  /** Others are told that it joins and leaves. */
  readonly isAnnounced: boolean;
  readonly wantsJoinLeave: boolean;
  readonly wantsDelta: boolean;
  readonly filter: TagFilter | undefined;
  readonly slowPolicy: SlowPolicy;
  /** The server made it: out of position, its connection starts over. */
  readonly isServerSide: boolean;
}

/** Delivers one channel to one holder. */
export class Subscription implements Subscriber {
  readonly holder: SubscriptionHolder;
  readonly terms: SubscriptionTerms;
  readonly #channel: string;
  readonly #queue: SlowQueue | undefined;
  #position: StreamPosition | undefined;
  /** Payload that the holder has, to which the next difference may refer. */
  #base: string | undefined;
  #hasEnded = false;

  constructor(channel: string, holder: SubscriptionHolder, terms: SubscriptionTerms, queue?: SlowQueue) {
    this.#channel = channel;
    this.holder = holder;
    this.terms = terms;
    this.#queue = queue;
  }

  /** What was delivered last; undefined without positioning. */
  get position(): StreamPosition | undefined {
    return this.#position;
  }

  /** Begins after `position`, with `base` as the last payload that was delivered in the answer. */
  begin(position: StreamPosition | undefined, base: string | undefined): void {
    this.#position = position;
    this.#base = base;
  }

  /** Nothing more is delivered. */
  end(): void {
    this.#hasEnded = true;
  }

  onPublication(publication: Publication): void {
    if (this.#hasEnded || !this.#advance(publication)) return;
    const { filter, wantsDelta } = this.terms;
    if (filter !== undefined && !filter.accepts(publication.fields.tags)) return;
    const line = wantsDelta ? this.#deltaLine(publication) : publication.jsonLine;
    if (this.#queue === undefined) return this.holder.send(line);
    this.#queueOrSend(this.#queue, line, publication);
  }

  onBatch({ publications }: PublicationBatch): void {
    for (const publication of publications) this.onPublication(publication);
  }

  /** Missed something: the holder is told to start over. */
  lose(): void {
    if (!this.#hasEnded) this.holder.lose(this.#channel);
  }

  /** Sends what waits while there is room. True when nothing waits any more. */
  drain(): boolean {
    const queue = this.#queue;
    if (queue === undefined || this.#hasEnded) return true;
    while (queue.size > 0 && !this.holder.isCongested) {
      const line = queue.shift();
      if (line !== undefined) this.holder.send(line);
    }
    return queue.size === 0;
  }

  /** True when `publication` is the next one. */
  #advance(publication: Publication): boolean {
    const last = this.#position;
    if (last === undefined || publication.offset === 0) return true;
    const step = stepFrom(last, publication.offset, publication.epoch);
    if (step === "next") this.#position = publication.place;
    else if (step === "gap") this.lose();
    return step === "next";
  }

  #deltaLine(publication: Publication): Line {
    const hasBase = this.#base !== undefined && this.#base === publication.before;
    this.#base = publication.data;
    return hasBase ? publication.deltaLine : publication.wholeLine;
  }

  #queueOrSend(queue: SlowQueue, line: Line, publication: Publication): void {
    if (queue.size === 0 && !this.holder.isCongested) return this.holder.send(line);
    queue.push(line, publication.fields.key);
    this.holder.awaitRoom(this);
  }
}

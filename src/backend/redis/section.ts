import type { ClientError } from "../../core/errors.ts";
import type { HistoryLane } from "./history_lane.ts";
import type { Link, ReplyDone } from "./link.ts";
import { type SubscriptionIndex, Subscriptions } from "./subscriptions.ts";

/** What carries the names of a section at the moment. */
export interface Carrier {
  /** What keeps it from being ready. */
  readonly trouble: string | undefined;
  /** The set of `section` has something to ask Redis for. */
  onWork(section: Section): void;
  /** Fails `done` later, and not before what was sent earlier is answered. */
  refuse(done: ReplyDone, failure: ClientError): void;
}

/**
 * Names that always live on the same Redis: those of one partition of a Cluster, else all that one Redis serves. A
 * section is for ever, its carrier is not. While it is open all that is wanted of it is subscribed, so that a node which
 * publishes here also receives.
 */
export class Section {
  readonly subscriptions: Subscriptions;
  #carrier: Carrier | undefined;
  #link: Link | undefined;
  #lane: HistoryLane | undefined;

  constructor(index: SubscriptionIndex) {
    this.subscriptions = new Subscriptions(index);
  }

  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  /** Publishes go over it; undefined while the section is closed. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** History publishes go over it; undefined while the section is closed. */
  get lane(): HistoryLane | undefined {
    return this.#lane;
  }

  /** Gives the section to `carrier`, or to nobody. It is closed, and nothing of it confirmed. */
  hand(carrier: Carrier | undefined): void {
    this.#carrier = carrier;
    this.restart();
  }

  /** Nothing is confirmed any more, and nobody publishes, until it is opened. */
  restart(): void {
    this.close();
    this.subscriptions.reset();
  }

  open(link: Link, lane: HistoryLane): void {
    this.#link = link;
    this.#lane = lane;
  }

  close(): void {
    this.#link = this.#lane = undefined;
  }
}

/**
 * Paces the publications of large channels. A broadcast to many subscribers costs a system call for each; when the next
 * publication arrives before the last one's sends are done, sending each on its own only makes everybody wait longer.
 * So a large channel rests for a moment after a broadcast, and what arrives meanwhile goes out together, as one frame a
 * subscriber. Small channels, and large ones that are quiet, are served at once.
 */
import type { Clock } from "../core/clock.ts";
import type { Publication, Subscriber } from "./publication.ts";

/** Channels with fewer subscribers on this node never wait. */
const LARGE_CHANNEL = 128;
/** How long a channel rests for each of its subscribers, in milliseconds: about what sending to them takes. */
const REST_PER_SUBSCRIBER_MS = 0.008;
/** No channel rests for longer. */
const MAX_REST_MS = 10;
/** What a resting channel may hold back, in bytes; more goes out at once. */
const MAX_HELD_BYTES = 64 * 1024;

/** What the fan-out needs of a channel; the fields with `held` and `rests` belong to it. */
export interface FanOutChannel {
  readonly subscribers: ReadonlySet<Subscriber>;
  /** Publications that wait while the channel rests; undefined when none do. */
  held: Publication[] | undefined;
  heldBytes: number;
  /** On the monotonic clock. */
  restsUntilMs: number;
}

/** Runs a callback after some milliseconds. */
export type Timer = (callback: () => void, delayMs: number) => void;

/** Delivers publications to the subscribers of one node. */
export class FanOut {
  readonly #clock: Clock;
  readonly #timer: Timer;
  readonly #resting: FanOutChannel[] = [];
  readonly #wake = () => this.#serveRested();
  #isTimerSet = false;

  constructor(clock: Clock, timer: Timer = setTimeout) {
    this.#clock = clock;
    this.#timer = timer;
  }

  /** Delivers at once, or holds back for a moment; per channel in the order of the calls. */
  deliver(channel: FanOutChannel, publication: Publication): void {
    if (channel.subscribers.size < LARGE_CHANNEL && channel.held === undefined) {
      return broadcast(channel, publication);
    }
    const nowMs = this.#clock.monotonicMs();
    if (channel.held === undefined && nowMs >= channel.restsUntilMs) {
      broadcast(channel, publication);
      channel.restsUntilMs = nowMs + restMs(channel);
      return;
    }
    this.#hold(channel, publication, nowMs);
  }

  #hold(channel: FanOutChannel, publication: Publication, nowMs: number): void {
    if (channel.held === undefined) {
      channel.held = [];
      channel.heldBytes = 0;
      this.#resting.push(channel);
      this.#setTimer(channel.restsUntilMs - nowMs);
    }
    channel.held.push(publication);
    channel.heldBytes += publication.jsonLine.size;
    if (channel.heldBytes >= MAX_HELD_BYTES) this.#release(channel);
  }

  #setTimer(delayMs: number): void {
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    this.#timer(this.#wake, Math.max(0, delayMs));
  }

  #serveRested(): void {
    this.#isTimerSet = false;
    const nowMs = this.#clock.monotonicMs();
    let soonestMs = Infinity;
    for (const channel of this.#resting.splice(0)) {
      if (channel.held === undefined) continue;
      if (nowMs >= channel.restsUntilMs) this.#release(channel);
      else {
        this.#resting.push(channel);
        soonestMs = Math.min(soonestMs, channel.restsUntilMs);
      }
    }
    if (soonestMs < Infinity) this.#setTimer(soonestMs - nowMs);
  }

  #release(channel: FanOutChannel): void {
    const held = channel.held ?? [];
    channel.held = undefined;
    for (const publication of held) broadcast(channel, publication);
    channel.restsUntilMs = this.#clock.monotonicMs() + restMs(channel);
  }
}

function restMs(channel: FanOutChannel): number {
  return Math.min(MAX_REST_MS, channel.subscribers.size * REST_PER_SUBSCRIBER_MS);
}

function broadcast(channel: FanOutChannel, publication: Publication): void {
  for (const subscriber of channel.subscribers) subscriber.onPublication(publication);
}

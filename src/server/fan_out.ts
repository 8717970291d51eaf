/**
 * Paces the publications of large channels. A broadcast costs a system call for each subscriber; when more sends are
 * asked for than a node can make, sending each publication on its own only makes everybody wait longer. Then a large
 * channel rests for a moment after a broadcast, and what arrives meanwhile goes out together, as one frame a
 * subscriber. Small channels, and all channels of a node that is not pressed, are served at once.
 */
import type { Clock } from "../core/clock.ts";
import type { Publication, Subscriber } from "./publication.ts";

/** When a channel rests, and for how long. */
export interface FanOutOptions {
  /** Channels with fewer subscribers on this node never rest. */
  readonly largeChannel: number;
  /** A node that is asked for more sends a second than this, over all large channels, is pressed. */
  readonly pressedSendsPerSec: number;
  /** How long a channel rests for each of its subscribers, in milliseconds: a few times what sending to them takes. */
  readonly restPerSubscriberMs: number;
  /** No channel rests for longer, in milliseconds. */
  readonly maxRestMs: number;
  /** What a resting channel may hold back, in bytes; more goes out at once. */
  readonly maxHeldBytes: number;
}

/** Found by measuring; `docs/perf.md` has the figures. */
const defaults: FanOutOptions = {
  largeChannel: 128,
  pressedSendsPerSec: 150_000,
  restPerSubscriberMs: 0.02,
  maxRestMs: 20,
  maxHeldBytes: 64 * 1024,
};

/** Demand is counted over so many milliseconds. */
const WINDOW_MS = 100;

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
  readonly #options: FanOutOptions;
  readonly #resting: FanOutChannel[] = [];
  readonly #wake = () => this.#serveRested();
  #isTimerSet = false;
  #isPressed = false;
  #windowStartMs = 0;
  #demand = 0;

  constructor(clock: Clock, timer: Timer = setTimeout, options: FanOutOptions = defaults) {
    this.#clock = clock;
    this.#timer = timer;
    this.#options = options;
  }

  /** Delivers at once, or holds back for a moment; per channel in the order of the calls. */
  deliver(channel: FanOutChannel, publication: Publication): void {
    const isLarge = channel.subscribers.size >= this.#options.largeChannel;
    if (!isLarge && channel.held === undefined) return broadcast(channel, publication);
    const nowMs = this.#clock.monotonicMs();
    this.#countDemand(channel.subscribers.size, nowMs);
    const mayRest = this.#isPressed && nowMs < channel.restsUntilMs;
    if (channel.held !== undefined || mayRest) return this.#hold(channel, publication, nowMs);
    broadcast(channel, publication);
    channel.restsUntilMs = nowMs + this.#restMs(channel);
  }

  #countDemand(sends: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs >= WINDOW_MS) {
      this.#isPressed = this.#demand > this.#options.pressedSendsPerSec * elapsedMs / 1000;
      this.#windowStartMs = nowMs;
      this.#demand = 0;
    }
    this.#demand += sends;
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
    if (channel.heldBytes >= this.#options.maxHeldBytes) this.#release(channel);
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
    channel.restsUntilMs = this.#clock.monotonicMs() + this.#restMs(channel);
  }

  #restMs(channel: FanOutChannel): number {
    const { maxRestMs, restPerSubscriberMs } = this.#options;
    return Math.min(maxRestMs, channel.subscribers.size * restPerSubscriberMs);
  }
}

function broadcast(channel: FanOutChannel, publication: Publication): void {
  for (const subscriber of channel.subscribers) subscriber.onPublication(publication);
}

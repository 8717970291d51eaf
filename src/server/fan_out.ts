/**
 * Paces the publications of large channels. A broadcast costs a system call for each subscriber; when more sends are
 * asked for than a node can make, sending each publication on its own only makes everybody wait longer. Then a large
 * channel rests for a moment after a broadcast, and what arrives meanwhile goes out together, as one line of one frame
 * for each subscriber. What arrives in a burst leaves in pieces with a rest behind each, so that those who read, and
 * other nodes of the same machine, get their turn. Small channels, and all channels of a node that is not pressed,
 * are served at once.
 */
import type { Clock } from "../core/clock.ts";
import { type Publication, PublicationBatch, type Subscriber } from "./publication.ts";

/** When a channel rests, and for how long. */
export interface FanOutOptions {
  /** Channels with fewer subscribers on this node never rest. */
  readonly largeChannel: number;
  /** A node that is asked for more sends a second than this, over all large channels, is pressed. */
  readonly pressedSendsPerSec: number;
  /** What a channel that has rested waits for more, in milliseconds: publications come in bursts. */
  readonly gatherMs: number;
  /** How long a channel rests for each of its subscribers, in milliseconds: a few times what sending to them takes. */
  readonly restPerSubscriberMs: number;
  /** And for each byte that each of them got, in milliseconds: twice what the kernel takes to carry it. */
  readonly restPerByteMs: number;
  /** No channel rests for longer, in milliseconds. */
  readonly maxRestMs: number;
  /** What leaves at once for one subscriber, in bytes; a larger publication leaves alone. */
  readonly maxPieceBytes: number;
  /** What all resting channels may hold back, in bytes together; the oldest of one that brings more leave at once. */
  readonly maxHeldBytes: number;
}

/** Found by measuring; decision 0006 and `docs/perf.md` have the figures. */
const defaults: FanOutOptions = {
  largeChannel: 128,
  pressedSendsPerSec: 150_000,
  gatherMs: 2,
  restPerSubscriberMs: 0.02,
  restPerByteMs: 1e-6,
  maxRestMs: 60,
  maxPieceBytes: 64 * 1024,
  maxHeldBytes: 16 * 1024 * 1024,
};

/** Of what may wait for a slow connection, a piece is this part at most: one that reads must not be taken for slow. */
const PIECE_SHARE = 0.25;

/** For a node whose connections may each be owed `outboxBytes`. */
export function fanOutOptions(outboxBytes: number): FanOutOptions {
  return { ...defaults, maxPieceBytes: Math.min(defaults.maxPieceBytes, outboxBytes * PIECE_SHARE) };
}

/** Demand is counted over so many milliseconds. */
const WINDOW_MS = 100;

/** Timers count whole milliseconds, and may fire so much too early. */
const TIMER_STEP_MS = 1;

/** What the fan-out needs of a channel; `held` and `restsUntilMs` belong to it. */
export interface FanOutChannel {
  readonly subscribers: ReadonlySet<Subscriber>;
  /** Publications that wait while the channel rests; undefined when none do. */
  held: Publication[] | undefined;
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
  readonly #resting = new Set<FanOutChannel>();
  readonly #wake = () => this.#serveRested();
  /** When the timer that counts fires, on the monotonic clock; earlier ones that were set find nothing to do. */
  #wakesAtMs = Infinity;
  #isPressed = false;
  #windowStartMs = 0;
  #demand = 0;
  #heldBytes = 0;

  constructor(clock: Clock, options: FanOutOptions, timer: Timer = setTimeout) {
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
    if (channel.held !== undefined) return this.#hold(channel.held, channel, publication);
    const untilMs = Math.max(channel.restsUntilMs, nowMs + this.#options.gatherMs);
    if (this.#isPressed && untilMs > nowMs) return this.#rest(channel, publication, untilMs, nowMs);
    broadcast(channel, publication);
    channel.restsUntilMs = nowMs + this.#restMs(channel, publication.jsonLine.size);
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

  #rest(channel: FanOutChannel, publication: Publication, untilMs: number, nowMs: number): void {
    channel.held = [];
    channel.restsUntilMs = untilMs;
    this.#resting.add(channel);
    this.#wakeAt(untilMs, nowMs);
    this.#hold(channel.held, channel, publication);
  }

  #hold(held: Publication[], channel: FanOutChannel, publication: Publication): void {
    held.push(publication);
    this.#heldBytes += publication.jsonLine.size;
    this.#keepBound(channel, held);
  }

  #wakeAt(soonestMs: number, nowMs: number): void {
    if (soonestMs >= this.#wakesAtMs) return;
    this.#wakesAtMs = soonestMs;
    this.#timer(this.#wake, Math.max(0, soonestMs - nowMs));
  }

  #serveRested(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs + TIMER_STEP_MS < this.#wakesAtMs) return;
    this.#wakesAtMs = Infinity;
    let soonestMs = Infinity;
    for (const channel of this.#resting) {
      const { held } = channel;
      if (held !== undefined && nowMs >= channel.restsUntilMs) this.#releasePiece(channel, held);
      if (channel.held === undefined) this.#resting.delete(channel);
      else soonestMs = Math.min(soonestMs, channel.restsUntilMs);
    }
    this.#wakeAt(soonestMs, nowMs);
  }

  /** No more pieces than must: all in one go may be more than what may wait for a connection, which would be closed. */
  #keepBound(channel: FanOutChannel, held: Publication[]): void {
    while (channel.held !== undefined && this.#heldBytes > this.#options.maxHeldBytes) {
      this.#releasePiece(channel, held);
    }
  }

  /** Sends the oldest of `held`, and lets the channel rest for as long as that was much. */
  #releasePiece(channel: FanOutChannel, held: Publication[]): void {
    const { count, bytes } = pieceOf(held, this.#options.maxPieceBytes);
    this.#heldBytes -= bytes;
    broadcastBatch(channel, new PublicationBatch(held.splice(0, count)));
    // Only now: what a subscriber publishes meanwhile comes behind the others.
    if (held.length === 0) channel.held = undefined;
    channel.restsUntilMs = this.#clock.monotonicMs() + this.#restMs(channel, bytes);
  }

  #restMs(channel: FanOutChannel, bytes: number): number {
    const { maxRestMs, restPerSubscriberMs, restPerByteMs } = this.#options;
    return Math.min(maxRestMs, channel.subscribers.size * (restPerSubscriberMs + bytes * restPerByteMs));
  }
}

/** How many of the oldest leave together, and their bytes: at least one. */
function pieceOf(held: readonly Publication[], maxBytes: number): { count: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const { jsonLine } of held) {
    if (count > 0 && bytes + jsonLine.size > maxBytes) break;
    bytes += jsonLine.size;
    count++;
  }
  return { count, bytes };
}

function broadcast(channel: FanOutChannel, publication: Publication): void {
  for (const subscriber of channel.subscribers) subscriber.onPublication(publication);
}

function broadcastBatch(channel: FanOutChannel, batch: PublicationBatch): void {
  for (const subscriber of channel.subscribers) subscriber.onBatch(batch);
}

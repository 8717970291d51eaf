/**
 * Finds out that a quiet channel is not quiet but cut off: now and then, and after the backend was lost, a node compares
 * what it heard last with where the history stands. Once for each channel, however many subscribe to it.
 */
import type { StreamPosition } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import { Deadlines, type Ticket } from "../core/deadlines.ts";
import type { Logger } from "../core/log.ts";
import { isUpTo, type LiveChannel } from "./live_channel.ts";

const SLOT_MS = 100;
/** A publication may be in the history a while before it is heard: so long nothing may be heard before it counts as lost. */
const GRACE_MS = 2_000;
/** Channels that are looked at side by side. */
const PARALLEL = 64;

/** What the watch needs of its surroundings. */
export interface PositionWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
  /** Where the history of a channel stands. */
  readonly readPosition: (key: string) => Promise<StreamPosition>;
  /** From 0 to 1, so that channels that began together are not asked about together. */
  readonly random?: () => number;
}

interface Watch {
  readonly live: LiveChannel;
  ticket: Ticket<Watch> | undefined;
  /** The history is ahead of what was heard; `heardMs` tells whether anything was heard since. */
  suspicion: { readonly top: StreamPosition; readonly heardMs: number } | undefined;
  isQueued: boolean;
}

/** Watches the positioned channels of one node generation. Call {@linkcode tick} every 100 ms or so. */
export class PositionWatch {
  readonly #options: PositionWatchOptions;
  readonly #deadlines: Deadlines<Watch>;
  readonly #watches = new Map<LiveChannel, Watch>();
  readonly #queue: Watch[] = [];
  #running = 0;

  constructor(options: PositionWatchOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(SLOT_MS, options.clock.monotonicMs());
  }

  /** Channels that are watched. */
  get size(): number {
    return this.#watches.size;
  }

  /** Watches `live` as long as it has positioned subscribers. */
  watch(live: LiveChannel): void {
    if (this.#watches.has(live)) return;
    const watch: Watch = { live, ticket: undefined, suspicion: undefined, isQueued: false };
    this.#watches.set(live, watch);
    this.#scheduleNext(watch);
  }

  /** Somebody saw the history of `live` at `top`; those who are behind it for long are told. */
  suspect(live: LiveChannel, top: StreamPosition): void {
    const watch = this.#watches.get(live);
    if (watch !== undefined && watch.suspicion === undefined) this.#suspect(watch, top);
  }

  /** Looks at every channel now: messages may have been lost. */
  checkAll(): void {
    for (const watch of this.#watches.values()) this.#enqueue(watch);
  }

  /** Looks at what is due. */
  tick(nowMs: number): void {
    for (const watch of this.#deadlines.due(nowMs)) this.#look(watch, nowMs);
  }

  #look(watch: Watch, nowMs: number): void {
    const { live, suspicion } = watch;
    if (!live.hasPositioned) this.#watches.delete(live);
    else if (suspicion !== undefined) this.#judge(watch, suspicion);
    // A jump would have been noticed by now.
    else if (nowMs - live.heardMs < this.#options.intervalMs) this.#scheduleNext(watch);
    else this.#enqueue(watch);
  }

  #enqueue(watch: Watch): void {
    if (watch.isQueued) return;
    watch.isQueued = true;
    watch.ticket?.cancel();
    this.#queue.push(watch);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < PARALLEL) {
      const watch = this.#queue.shift();
      if (watch === undefined) return;
      watch.isQueued = false;
      this.#running++;
      void this.#check(watch).finally(() => {
        this.#running--;
        this.#pump();
      });
    }
  }

  async #check(watch: Watch): Promise<void> {
    const { live } = watch;
    try {
      const top = await this.#options.readPosition(live.names.key);
      this.#compare(watch, top);
    } catch (error) {
      this.#options.log.debug("A position could not be checked", { channel: live.names.key, error });
      this.#scheduleNext(watch);
    }
  }

  #compare(watch: Watch, top: StreamPosition): void {
    const { position } = watch.live;
    if (position === undefined || isUpTo(position, top)) return this.#scheduleNext(watch);
    if (position.epoch === top.epoch) return this.#suspect(watch, top);
    this.#end(watch, top);
  }

  #suspect(watch: Watch, top: StreamPosition): void {
    watch.suspicion = { top, heardMs: watch.live.heardMs };
    this.#schedule(watch, GRACE_MS);
  }

  #judge(watch: Watch, { top, heardMs }: NonNullable<Watch["suspicion"]>): void {
    const { live } = watch;
    watch.suspicion = undefined;
    // What is heard comes in order, and a jump shows by itself: a channel that still hears is only late.
    if (live.heardMs === heardMs) this.#end(watch, top);
    else if (live.position === undefined || !isUpTo(live.position, top)) this.#suspect(watch, top);
    else this.#scheduleNext(watch);
  }

  #end(watch: Watch, top: StreamPosition): void {
    const lost = watch.live.loseBehind(top);
    if (lost > 0) {
      this.#options.log.info("Subscribers missed publications and start over", {
        channel: watch.live.names.key,
        subscribers: lost,
      });
    }
    this.#scheduleNext(watch);
  }

  #scheduleNext(watch: Watch): void {
    const { intervalMs, random = Math.random } = this.#options;
    this.#schedule(watch, intervalMs * (0.75 + random() / 2));
  }

  #schedule(watch: Watch, delayMs: number): void {
    watch.ticket?.cancel();
    watch.ticket = this.#deadlines.add(watch, this.#options.clock.monotonicMs() + delayMs);
  }
}

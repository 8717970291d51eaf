import { ClientError } from "../../core/errors.ts";
import type { History, HistoryFilter, HistoryPage, StreamPosition } from "../backend.ts";
import { IdempotencyTable } from "./idempotency_table.ts";
import { Rounds } from "./rounds.ts";
import { Stream } from "./stream.ts";

/** Channels with a position; past it a publish to a new one is refused with 111. */
const MAX_STREAMS = 1_000_000;
/** All publications together, in characters; past it the channel that was quiet for longest forgets its own. */
const MAX_WEIGHT = 256 << 20;
/** How long a position outlives the last publication. */
const POSITION_TTL_MS = 30 * 24 * 3_600_000;
/** More than one, so that the table shrinks while channels come. */
const VISITS_PER_APPEND = 2;

/** What a publish with history asks for. */
export type AppendOptions = Parameters<History["publish"]>[2];

/** Where a publish was stored; `isRepeat` when an earlier one with its idempotency key already was. */
export interface Appended {
  readonly position: StreamPosition;
  readonly isRepeat: boolean;
}

/** What the table needs of its surroundings. */
export interface StreamTableOptions {
  /** Milliseconds on a clock that never steps back. */
  readonly now: () => number;
  /** Makes a name that no earlier life of a stream had. */
  readonly newEpoch: () => string;
  readonly maxStreams?: number;
  /** Characters of all publications together. */
  readonly maxWeight?: number;
}

/**
 * What the channels of one process remember. Without a timer: what has ended is dropped when it is met, and every
 * publish looks at two channels more. A channel that was never published to costs nothing: they all share one epoch,
 * which changes when a position is forgotten, so that no offset is given out twice under it.
 */
export class StreamTable {
  readonly #options: StreamTableOptions;
  readonly #maxStreams: number;
  readonly #maxWeight: number;
  readonly #streams = new Map<string, Stream>();
  readonly #rounds = new Rounds(this.#streams);
  /** Streams with publications; the one that was quiet for longest first. */
  readonly #filled = new Set<Stream>();
  readonly #repeats: IdempotencyTable;
  #freshEpoch: string;
  #weight = 0;

  constructor(options: StreamTableOptions) {
    this.#options = options;
    this.#maxStreams = options.maxStreams ?? MAX_STREAMS;
    this.#maxWeight = options.maxWeight ?? MAX_WEIGHT;
    this.#repeats = new IdempotencyTable(options.now);
    this.#freshEpoch = options.newEpoch();
  }

  /** Appends `message`. Throws {@linkcode ClientError} 111, with nothing changed, when a table is full. */
  append(channel: string, message: string, options: AppendOptions): Appended {
    const { idempotencyKey: key, idempotencyTtlMs } = options;
    const earlier = key === undefined ? undefined : this.#repeats.find(channel, key);
    if (earlier) return { position: earlier, isRepeat: true };
    const nowMs = this.#options.now();
    for (let i = 0; i < VISITS_PER_APPEND; i++) this.#visit(nowMs);
    const stream = this.#streams.get(channel) ?? this.#newStream();
    const position = { offset: stream.top + 1, epoch: stream.epoch };
    if (key !== undefined) this.#repeats.put(channel, key, position, idempotencyTtlMs);
    this.#streams.set(channel, stream);
    this.#push(stream, message, options, nowMs);
    return { position, isRepeat: false };
  }

  /** See {@linkcode History.read}. */
  read(channel: string, filter: HistoryFilter): HistoryPage {
    const stream = this.#streams.get(channel) ?? new Stream(this.#freshEpoch);
    if (stream.endMs <= this.#options.now()) this.#clear(stream);
    return stream.read(filter);
  }

  /** Forgets the publications of a channel; its position goes on. */
  remove(channel: string): void {
    const stream = this.#streams.get(channel);
    if (stream) this.#clear(stream);
  }

  /** Channels with a position. */
  get size(): number {
    return this.#streams.size;
  }

  /** About the memory that all publications take, in characters. */
  get weight(): number {
    return this.#weight;
  }

  #newStream(): Stream {
    if (this.#streams.size < this.#maxStreams) return new Stream(this.#freshEpoch);
    throw new ClientError("tooManyRequests", {
      detail: `all ${this.#maxStreams} channel histories are in use`,
    });
  }

  #push(stream: Stream, message: string, { size, ttlMs }: AppendOptions, nowMs: number): void {
    if (stream.endMs <= nowMs) this.#clear(stream);
    const before = stream.weight;
    stream.push(message, size);
    this.#weight += stream.weight - before;
    stream.endMs = nowMs + ttlMs;
    stream.positionEndMs = stream.endMs + POSITION_TTL_MS;
    this.#filled.delete(stream);
    this.#filled.add(stream);
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const quietest of this.#filled) {
      if (this.#weight <= this.#maxWeight) return;
      this.#clear(quietest);
    }
  }

  #visit(nowMs: number): void {
    const [channel, stream] = this.#rounds.next() ?? [];
    if (channel === undefined || !stream || stream.endMs > nowMs) return;
    this.#clear(stream);
    if (stream.positionEndMs > nowMs) return;
    this.#streams.delete(channel);
    this.#freshEpoch = this.#options.newEpoch();
  }

  #clear(stream: Stream): void {
    this.#weight -= stream.weight;
    this.#filled.delete(stream);
    stream.clear();
  }
}

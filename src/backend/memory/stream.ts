import type { HistoryFilter, HistoryPage, StoredMessage, StreamPosition } from "../backend.ts";

/** What a publication costs beside its characters, about. */
const ENTRY_WEIGHT = 32;

/** One channel's history: its position, and its newest publications in a row without gaps. */
export class Stream {
  readonly epoch: string;
  /** When its publications are forgotten, in milliseconds. */
  endMs = 0;
  /** When its position is forgotten, in milliseconds. */
  positionEndMs = 0;
  /** The publications are those from `#head` on. */
  #messages: string[] = [];
  #head = 0;
  #top = 0;
  #weight = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  /** The offset of the newest publication, forgotten or not. */
  get top(): number {
    return this.#top;
  }

  /** Publications held. */
  get length(): number {
    return this.#messages.length - this.#head;
  }

  /** About the memory that its publications take, in characters. */
  get weight(): number {
    return this.#weight;
  }

  /** Appends one publication and keeps the last `size`. */
  push(message: string, size: number): void {
    this.#top++;
    this.#messages.push(message);
    this.#weight += message.length + ENTRY_WEIGHT;
    while (this.length > size) this.#shift();
    this.#compact();
  }

  /** Forgets the publications; the position goes on. */
  clear(): void {
    this.#messages = [];
    this.#head = this.#weight = 0;
  }

  /** See {@linkcode History.read}. */
  read(filter: HistoryFilter): HistoryPage {
    const { limit, since, isReverse = false, maxBytes = Infinity } = filter;
    const position: StreamPosition = { offset: this.#top, epoch: this.epoch };
    const messages: StoredMessage[] = [];
    if (limit === 0 || (since && since.epoch !== this.epoch)) {
      return { position, messages, isTruncated: false };
    }
    let left = maxBytes;
    for (let offset = this.#first(since, isReverse);; offset += isReverse ? -1 : 1) {
      const message = this.#at(offset);
      if (message === undefined) return { position, messages, isTruncated: false };
      left -= message.length;
      if (messages.length === limit || left < 0) return { position, messages, isTruncated: true };
      messages.push({ offset, message });
    }
  }

  #first(since: StreamPosition | undefined, isReverse: boolean): number {
    if (isReverse) return since ? Math.min(since.offset - 1, this.#top) : this.#top;
    const oldest = this.#top - this.length + 1;
    return since ? Math.max(since.offset + 1, oldest) : oldest;
  }

  #at(offset: number): string | undefined {
    const index = this.#messages.length - 1 - (this.#top - offset);
    return index < this.#head ? undefined : this.#messages[index];
  }

  #shift(): void {
    this.#weight -= (this.#messages[this.#head]?.length ?? 0) + ENTRY_WEIGHT;
    this.#messages[this.#head++] = "";
  }

  /** At least half is dropped each time, so a publication is moved once on average. */
  #compact(): void {
    if (this.#head * 2 <= this.#messages.length) return;
    this.#messages = this.#messages.slice(this.#head);
    this.#head = 0;
  }
}

/** Reads histories for many: those who want the same share one answer, and no answer is larger than a client may get. */
import type { History, HistoryPage, StreamPosition } from "../backend/backend.ts";
import { SharedCalls } from "./shared_calls.ts";

/** Bounds of one answer. */
export interface HistoryReaderOptions {
  /** Most publications of a recovery. */
  readonly recoveryMaxPublications: number;
  /** Most publications of a page that a client asks for. */
  readonly historyMaxPage: number;
  /** Most characters of either. */
  readonly maxCharacters: number;
}

/** A page that a client asks for. */
export interface PageRequest {
  /** 0 answers the position alone, -1 as much as one answer may hold. */
  readonly limit: number;
  /** An empty epoch stands for whichever there is. */
  readonly since: StreamPosition | undefined;
  readonly isReverse: boolean;
}

/** Shares reads between all connections of a node. */
export class HistoryReader {
  readonly #history: Pick<History, "read">;
  readonly #options: HistoryReaderOptions;
  readonly #calls = new SharedCalls<HistoryPage>();

  constructor(history: Pick<History, "read">, options: HistoryReaderOptions) {
    this.#history = history;
    this.#options = options;
  }

  /** Where the history of `key` stands. */
  async position(key: string): Promise<StreamPosition> {
    const page = await this.#calls.ask(`top ${key}`, () => this.#history.read(key, { limit: 0 }));
    return page.position;
  }

  /** The position, and what came after `since` up to the bounds of a recovery. */
  async since(key: string, since: StreamPosition | undefined): Promise<HistoryPage> {
    if (since === undefined) return { position: await this.position(key), messages: [], isTruncated: false };
    const from = await this.#known(key, since);
    const { recoveryMaxPublications: limit, maxCharacters: maxBytes } = this.#options;
    return await this.#calls.ask(
      `since ${placeText(from)} ${key}`,
      () => this.#history.read(key, { limit, since: from, maxBytes }),
    );
  }

  /** A page for a client. */
  async page(key: string, request: PageRequest): Promise<HistoryPage> {
    const { isReverse } = request;
    const { historyMaxPage, maxCharacters: maxBytes } = this.#options;
    const limit = request.limit < 0 ? historyMaxPage : Math.min(request.limit, historyMaxPage);
    const since = request.since === undefined ? undefined : await this.#known(key, request.since);
    const filter = { limit, isReverse, maxBytes, ...(since === undefined ? {} : { since }) };
    return await this.#calls.ask(
      `page ${limit} ${isReverse} ${placeText(since)} ${key}`,
      () => this.#history.read(key, filter),
    );
  }

  async #known(key: string, since: StreamPosition): Promise<StreamPosition> {
    if (since.epoch !== "") return since;
    return { offset: since.offset, epoch: (await this.position(key)).epoch };
  }
}

/** A position as the part of a key: whatever stands in the epoch, which is a client's word, what follows stays apart. */
function placeText(place: StreamPosition | undefined): string {
  return place === undefined ? "-" : `${place.offset} ${place.epoch.length} ${place.epoch}`;
}

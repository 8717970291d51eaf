import type { History, HistoryDone, HistoryFilter, HistoryPage, StoredMessage } from "../backend.ts";
import type { RedisBus } from "./bus.ts";
import type { Controls } from "./controls.ts";
import { shortGeneration } from "./generation.ts";
import { epochMaker, type HistoryOptions, metaTtlMs } from "./history_command.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asList, asNumber, asText } from "./reply.ts";

/** A UTF-16 code unit takes at most three bytes in UTF-8. */
const BYTES_PER_CHARACTER = 3;

/** Histories in Redis: written over the link of the bus, so that they keep its order, and read over the control link. */
export class RedisHistory implements History {
  readonly #bus: RedisBus;
  readonly #controls: Controls;
  readonly #keys: RedisKeys;
  readonly #nextEpoch = epochMaker();

  constructor(bus: RedisBus, controls: Controls, keys: RedisKeys) {
    this.#bus = bus;
    this.#controls = controls;
    this.#keys = keys;
  }

  publish(channel: string, message: string, options: HistoryOptions, done: HistoryDone): void {
    this.#bus.publishStored(channel, message, options, done);
  }

  read(channel: string, filter: HistoryFilter): Promise<HistoryPage> {
    const { since, limit, isReverse = false, maxBytes } = filter;
    const keys = [this.#keys.stream(channel), this.#keys.meta(channel)];
    const range = [limit, since?.offset ?? "", since?.epoch ?? "", isReverse ? 1 : 0];
    const most = maxBytes === undefined ? -1 : maxBytes * BYTES_PER_CHARACTER;
    return this.#controls.at(this.#keys.placeOf(channel), async (redis, control) => {
      const generation = shortGeneration(control.generation);
      const words = [generation, this.#nextEpoch(), metaTtlMs(), ...range, most];
      return cut(readPage(await redis.shoalHistoryRead(...keys, ...words)), maxBytes);
    });
  }

  remove(channel: string): Promise<void> {
    return this.#controls.at(this.#keys.placeOf(channel), async (redis) => {
      await redis.unlink(this.#keys.stream(channel));
    });
  }
}

function readPage(answer: unknown): HistoryPage {
  const [epoch, offset, isTruncated, ...cells] = asList(answer);
  const messages: StoredMessage[] = [];
  for (let i = 0; i + 1 < cells.length; i += 2) {
    messages.push({ offset: asNumber(cells[i]), message: asText(cells[i + 1]) });
  }
  const position = { epoch: asText(epoch), offset: asNumber(offset) };
  return { position, messages, isTruncated: isTruncated === 1 };
}

/** The script cannot count characters, only bytes, and so may have answered too many of them. */
function cut(page: HistoryPage, maxCharacters: number | undefined): HistoryPage {
  if (maxCharacters === undefined) return page;
  let characters = 0;
  const end = page.messages.findIndex(({ message }) => (characters += message.length) > maxCharacters);
  return end < 0 ? page : { ...page, messages: page.messages.slice(0, end), isTruncated: true };
}

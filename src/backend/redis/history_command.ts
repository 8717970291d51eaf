import { randomText } from "../../core/ids.ts";
import { utf8Length } from "../../core/utf8.ts";
import { encodePositioned } from "../../protocol/envelope.ts";
import type { History } from "../backend.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { encodeWord } from "./resp_encode.ts";

/** What {@linkcode History.publish} is told beside channel and message. */
export type HistoryOptions = Parameters<History["publish"]>[2];

const DAY_MS = 24 * 3_600_000;
const META_TTL_MS = 30 * DAY_MS;
const IDEMPOTENCY_TTL_MS = 5 * 60_000;
const EPOCH_LENGTH = 8;
const EPOCHS_AT_ONCE = 256;
const MAX_HEADS = 16_384;
/** What a positioned envelope begins with; the script writes the rest of it. */
const ENVELOPE = encodePositioned("", 0, "").split(" ")[0] ?? "";

/** How long a channel's place is kept: 30 days, and always a day longer than its stream. */
export function metaTtlMs(streamTtlMs = 0): number {
  return Math.max(META_TTL_MS, Math.ceil(streamTtlMs) + DAY_MS);
}

/** Makes names for epochs, 40 random bits each. Every publish offers one and few are taken: they must be cheap. */
export function epochMaker(): () => string {
  let stock = "";
  let at = 0;
  return () => {
    if (at === stock.length) {
      stock = randomText(EPOCH_LENGTH * EPOCHS_AT_ONCE);
      at = 0;
    }
    return stock.slice(at, at += EPOCH_LENGTH);
  };
}

/** Writes history publishes as RESP text for the script that Redis knows as `sha`. */
export class HistoryCommands {
  readonly #keys: RedisKeys;
  readonly #start: string;
  readonly #heads = new Map<string, string>();
  readonly #nextEpoch = epochMaker();
  #limits = { size: -1, ttlMs: -1, text: "" };

  constructor(keys: RedisKeys, sha: string) {
    this.#keys = keys;
    this.#start = encodeWord("EVALSHA") + encodeWord(sha);
  }

  /** The whole command, and its bytes in UTF-8. `keyHash` stands for an idempotency key. */
  publish(
    channel: string,
    message: string,
    options: HistoryOptions,
    how: { readonly generation: string; readonly keyHash: string | undefined },
  ): { readonly text: string; readonly bytes: number } {
    const { keyHash, generation } = how;
    const idemTtlMs = Math.max(1, options.idempotencyTtlMs ?? IDEMPOTENCY_TTL_MS);
    const head = keyHash === undefined ? this.#headOf(channel) : this.#head(channel, keyHash);
    const middle = encodeWord(generation) + encodeWord(this.#nextEpoch()) + this.#limitsOf(options) +
      encodeWord(String(idemTtlMs));
    const messageBytes = utf8Length(message);
    const text = `${head}${middle}$${messageBytes}\r\n${message}\r\n`;
    return { text, bytes: head.length + middle.length + messageBytes + 16 };
  }

  /** Hash, escape and lengths of a channel are worth keeping: they cost more than the rest of a command. */
  #headOf(channel: string): string {
    const known = this.#heads.get(channel);
    if (known !== undefined) return known;
    if (this.#heads.size >= MAX_HEADS) this.#heads.clear();
    const head = this.#head(channel, undefined);
    this.#heads.set(channel, head);
    return head;
  }

  #head(channel: string, keyHash: string | undefined): string {
    const own = keyHash === undefined ? [] : [this.#keys.idem(channel, keyHash)];
    const keys = [this.#keys.stream(channel), this.#keys.meta(channel), ...own];
    const words = [String(keys.length), ...keys, this.#keys.channel(channel), ENVELOPE];
    // EVALSHA and the script, these, and seven that differ from publish to publish.
    return `*${2 + words.length + 7}\r\n${this.#start}${words.map(encodeWord).join("")}`;
  }

  /** Most publishes have the same limits as the one before. */
  #limitsOf({ size, ttlMs }: HistoryOptions): string {
    if (this.#limits.size !== size || this.#limits.ttlMs !== ttlMs) {
      const words = [size, Math.ceil(ttlMs), metaTtlMs(ttlMs)];
      this.#limits = { size, ttlMs, text: words.map((word) => encodeWord(String(word))).join("") };
    }
    return this.#limits.text;
  }
}

import { ClientError } from "../../core/errors.ts";
import type { StreamPosition } from "../backend.ts";
import { Rounds } from "./rounds.ts";

/** Past this many live keys new ones are refused with 111: they come from clients. */
const MAX_KEYS = 1_000_000;
/** For a publish that names a key and no time. */
const DEFAULT_TTL_MS = 300_000;
/** More than one, so that the table shrinks while keys come. */
const VISITS_PER_PUT = 2;

interface Kept {
  readonly position: StreamPosition;
  readonly endMs: number;
}

/** Where publishes with an idempotency key were stored, for as long as each wanted it remembered. */
export class IdempotencyTable {
  readonly #kept = new Map<string, Kept>();
  readonly #rounds = new Rounds(this.#kept);
  readonly #now: () => number;
  readonly #maxKeys: number;

  /** `now` tells milliseconds on a clock that never steps back. */
  constructor(now: () => number, maxKeys = MAX_KEYS) {
    this.#now = now;
    this.#maxKeys = maxKeys;
  }

  /** The position of the first publish with this key on this channel; undefined when there is none any more. */
  find(channel: string, key: string): StreamPosition | undefined {
    const kept = this.#kept.get(nameOf(channel, key));
    return kept && kept.endMs > this.#now() ? kept.position : undefined;
  }

  /** Remembers `position` for `ttlMs`. Throws {@linkcode ClientError} 111 when the table is full. */
  put(channel: string, key: string, position: StreamPosition, ttlMs = DEFAULT_TTL_MS): void {
    for (let i = 0; i < VISITS_PER_PUT; i++) this.#visit();
    const name = nameOf(channel, key);
    if (this.#kept.size >= this.#maxKeys && !this.#kept.has(name)) {
      throw new ClientError("tooManyRequests", {
        detail: `all ${this.#maxKeys} idempotency keys are in use`,
      });
    }
    this.#kept.set(name, { position, endMs: this.#now() + ttlMs });
  }

  /** Keys held, ended ones that nobody has met since included. */
  get size(): number {
    return this.#kept.size;
  }

  #visit(): void {
    const [name, kept] = this.#rounds.next() ?? [];
    if (name !== undefined && kept && kept.endMs <= this.#now()) this.#kept.delete(name);
  }
}

/** One text for both; the length keeps ("a", "bc") and ("ab", "c") apart. */
function nameOf(channel: string, key: string): string {
  return `${channel.length} ${channel}${key}`;
}

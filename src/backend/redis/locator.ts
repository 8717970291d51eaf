import type { RedisAddress } from "./redis_url.ts";

/** Knows where a Redis is at the moment; asked before every attempt to connect. */
export interface Locator {
  /** For messages: no password. */
  readonly text: string;
  /** Rejects when nobody can tell, or `signal` aborts. */
  locate(signal: AbortSignal): Promise<RedisAddress>;
  /** Tells the `text` of each new address as soon as there is one, until `signal` aborts; absent where it stays. */
  watch?(onMove: (address: string) => void, signal: AbortSignal): Promise<void>;
}

/** A Redis that stays where it is. */
export function fixedLocator(address: RedisAddress): Locator {
  return { text: address.text, locate: () => Promise.resolve(address) };
}

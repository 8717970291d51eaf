/** Keys of a JWKS URL: fetched when they are needed, kept for a while, fetched again when a token names a new one. */
import { createLocalJWKSet, type CryptoKey, errors, type JWTHeaderParameters } from "jose"; // jose: the JWT library of its field
import type { Clock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import { type BoundedAnswer, fetchBounded } from "../fetch_bounded.ts";
import type { KeySource, TokenKey } from "./keys.ts";

/** Keys are fetched again after this long. */
const FRESH_MS = 600_000;
/** While they cannot be fetched, those there are serve for this long in all. */
const STALE_MS = 3_600_000;
/** Not more often than this, whatever tokens say: an unknown key id costs its sender nothing. */
const COOLDOWN_MS = 10_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 100;

/** Fetches the text of a URL, bounded in time and size. */
export type FetchText = (url: string) => Promise<BoundedAnswer>;

type Lookup = ReturnType<typeof createLocalJWKSet>;

/** The keys of one URL. Safe to call concurrently: those who wait share one fetch. */
export class JwksKeys implements KeySource {
  readonly algorithms = [
    ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
  ];
  readonly #url: string;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #fetch: FetchText;
  #lookup: Lookup | undefined;
  #fetchedMs = -Infinity;
  #triedMs = -Infinity;
  #trouble: unknown;
  #fetching: Promise<void> | undefined;

  constructor(url: string, clock: Pick<Clock, "monotonicMs">, fetch: FetchText = fetchText) {
    this.#url = url;
    this.#clock = clock;
    this.#fetch = fetch;
  }

  async keysFor(header: JWTHeaderParameters): Promise<readonly TokenKey[]> {
    const askedMs = this.#clock.monotonicMs();
    if (this.#ageMs > FRESH_MS) await this.#refresh();
    const keys = await this.#find(header);
    if (keys.length > 0) return keys;
    // Perhaps the key is newer than what is kept. It is not known to be wrong before the URL has said so.
    await this.#refresh();
    const found = await this.#find(header);
    if (found.length > 0 || this.#fetchedMs >= askedMs) return found;
    throw this.#unavailable("its keys were fetched a moment ago and have no such key; try again");
  }

  get #ageMs(): number {
    return this.#clock.monotonicMs() - this.#fetchedMs;
  }

  async #find(header: JWTHeaderParameters): Promise<readonly TokenKey[]> {
    if (this.#lookup === undefined || this.#ageMs > STALE_MS) {
      throw this.#unavailable("its keys cannot be fetched", this.#trouble);
    }
    try {
      return [await this.#lookup(header)];
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return [];
      if (error instanceof errors.JWKSMultipleMatchingKeys) return await firstOf(error);
      throw error;
    }
  }

  async #refresh(): Promise<void> {
    if (this.#fetching === undefined) {
      if (this.#clock.monotonicMs() - this.#triedMs < COOLDOWN_MS) return;
      this.#triedMs = this.#clock.monotonicMs();
      this.#fetching = this.#load().finally(() => this.#fetching = undefined);
    }
    await this.#fetching;
  }

  async #load(): Promise<void> {
    try {
      this.#lookup = lookupOf(await this.#fetch(this.#url));
      this.#fetchedMs = this.#clock.monotonicMs();
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = error; // told by whoever finds no key
    }
  }

  #unavailable(problem: string, cause?: unknown): ClientError {
    return new ClientError("internal", { cause: new Error(`JWKS at ${this.#url}: ${problem}`, { cause }) });
  }
}

function fetchText(url: string): Promise<BoundedAnswer> {
  return fetchBounded({ url, method: "GET", timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
}

function lookupOf({ status, text }: BoundedAnswer): Lookup {
  if (status !== 200) throw new Error(`it answers ${status}`);
  const set: unknown = JSON.parse(text);
  if (!isKeySet(set)) throw new Error(`want {"keys": [...]} with at most ${MAX_KEYS} keys`);
  // jose checks each key before it uses it.
  return createLocalJWKSet(set as Parameters<typeof createLocalJWKSet>[0]);
}

function isKeySet(set: unknown): boolean {
  if (typeof set !== "object" || set === null || !("keys" in set)) return false;
  return Array.isArray(set.keys) && set.keys.length <= MAX_KEYS;
}

/** Keys without ids: any of them may have signed. */
async function firstOf(matching: AsyncIterable<CryptoKey>): Promise<readonly TokenKey[]> {
  const keys: TokenKey[] = [];
  for await (const key of matching) keys.push(key);
  return keys;
}

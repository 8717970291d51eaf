/**
 * What single subscriptions of one connection have beside the channel: an end, and what others are told of them. Most
 * have neither, and then cost nothing.
 */

/** What lets a client into a channel, beside being allowed to. */
export interface Grant {
  /** Raw JSON that others see as `chan_info`. */
  readonly chanInfo: string | undefined;
  /** Wall clock, milliseconds; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** Raw JSON for the answer to the subscribe. */
  readonly data: string | undefined;
}

/** Nothing beside being allowed. */
export const noGrant: Grant = { chanInfo: undefined, expiresAtMs: undefined, data: undefined };

/** The grants of one connection by channel; as many as it has subscriptions, at most. */
export class Grants {
  readonly #grants = new Map<string, Grant>();

  set(channel: string, grant: Grant): void {
    if (grant.chanInfo === undefined && grant.expiresAtMs === undefined) this.#grants.delete(channel);
    else this.#grants.set(channel, grant);
  }

  get(channel: string): Grant | undefined {
    return this.#grants.get(channel);
  }

  delete(channel: string): void {
    this.#grants.delete(channel);
  }

  /** When the first of them expires. */
  get nextExpiryMs(): number | undefined {
    let nextMs: number | undefined;
    for (const { expiresAtMs } of this.#grants.values()) {
      if (expiresAtMs !== undefined && (nextMs === undefined || expiresAtMs < nextMs)) nextMs = expiresAtMs;
    }
    return nextMs;
  }

  /** Channels whose grant has run out at `wallMs`. */
  expiredAt(wallMs: number): readonly string[] {
    return [...this.#grants].flatMap(([channel, { expiresAtMs }]) =>
      expiresAtMs !== undefined && expiresAtMs <= wallMs ? [channel] : []
    );
  }
}

/** `expires` and `ttl` (seconds, at least 1) as a result's fields; none for what never expires. */
export function expiryResult(expiresAtMs: number | undefined, wallMs: number): readonly string[] {
  if (expiresAtMs === undefined) return [];
  return ['"expires":true', `"ttl":${Math.max(1, Math.ceil((expiresAtMs - wallMs) / 1000))}`];
}

/**
 * Client frames are masked (RFC 6455, 5.3). The mask keeps hostile scripts in browsers from writing chosen bytes on
 * a proxy's wire; a load generator is no such script, so one random key per process is enough, and constant parts of
 * messages are masked once instead of for every send.
 */

/** Four random bytes. */
export type MaskKey = Uint8Array;

/** A new key. */
export function newMaskKey(): MaskKey {
  return crypto.getRandomValues(new Uint8Array(4));
}

/** Masks `bytes` in place, from `from` to `to`; `from` is where the payload begins. */
export function maskInPlace(bytes: Uint8Array, from: number, to: number, key: MaskKey): void {
  for (let at = from; at < to; at++) bytes[at] = (bytes[at] ?? 0) ^ (key[(at - from) & 3] ?? 0);
}

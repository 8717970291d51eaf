/** Everything random of a run comes from its seed, so that a run can be repeated. */

/** A generator of numbers in [0, 1) from a 32-bit seed (mulberry32: small and good enough for payloads). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** `bytes` characters of ASCII text. */
export function payloadText(seed: number, bytes: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: bytes }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");
}

/** A name for this run's channels: no namespace, so that every server allows it. */
export function channelPrefix(seed: number): string {
  return `perf_${payloadText(seed ^ 0x5eed, 8)}`;
}

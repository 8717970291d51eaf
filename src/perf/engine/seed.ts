/** Everything random of a run comes from its seed, so that a run can be repeated. */
import { seededRandom } from "../../core/seeded_random.ts";

export { seededRandom };

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

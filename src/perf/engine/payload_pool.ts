/** The payloads of a run: texts of as many sizes as the distribution needs, made once from the seed. */
import { type PayloadSpec, sizeAt } from "../scenario/payload_spec.ts";
import { payloadText } from "./seed.ts";

/** Sizes that stand for a distribution: its quantiles. A power of two, so that a message's size is a few bits. */
const SIZES = 64;

/** Payload texts by size number, and which message has which. */
export interface PayloadPool {
  readonly texts: readonly string[];
  /** Number of the size of message `index`: the same in every run with the same seed. */
  sizeOf(index: number): number;
}

/** Draws the pool of `spec`. */
export function newPayloadPool(spec: PayloadSpec, seed: number): PayloadPool {
  if (spec.kind === "fixed") return { texts: [payloadText(seed, spec.bytes)], sizeOf: () => 0 };
  const sizes = Array.from({ length: SIZES }, (_, at) => sizeAt(spec, (at + 0.5) / SIZES));
  const longest = payloadText(seed, Math.max(...sizes));
  return {
    texts: sizes.map((bytes) => longest.slice(0, bytes)),
    // Multiplicative hashing: neighbouring messages get unrelated sizes, and all sizes their share.
    sizeOf: (index) => (Math.imul(index + seed, 0x9e3779b1) >>> 16) % SIZES,
  };
}

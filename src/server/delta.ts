/** Differences between payloads, in the form that clients of the protocol know (Fossil). */
// fossil-delta: the format's own JavaScript implementation; an encoder of our own would have to prove itself against it
import { createDelta } from "fossil-delta";
import { utf8Bytes } from "../core/utf8.ts";

/** A payload past this is sent whole: the time to find a difference grows with it, and it stops all else meanwhile. */
const MAX_CHARACTERS = 16 * 1024;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * What turns `before` into `after`, or undefined when sending `after` whole is better: where the difference is not
 * shorter, or where it cuts a character in half, which a JSON string cannot say.
 */
export function deltaBetween(before: string, after: string): string | undefined {
  if (before.length > MAX_CHARACTERS || after.length > MAX_CHARACTERS) return undefined;
  const target = utf8Bytes(after);
  const delta = Uint8Array.from(createDelta(utf8Bytes(before), target));
  if (delta.length >= target.length) return undefined;
  try {
    return decoder.decode(delta);
  } catch {
    return undefined; // half a character: the whole payload says it
  }
}

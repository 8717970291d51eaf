/**
 * Where a subscriber stands in a channel's history, and what may come next. Pure: all that makes a subscriber see each
 * publication once and in order is decided here.
 */
import type { StreamPosition } from "../backend/backend.ts";

/** What a publication that has just arrived is to somebody who stands at a position. */
export type Step = "next" | "known" | "gap";

/** Judges a publication at `offset` of `epoch` against what was delivered last. */
export function stepFrom(last: StreamPosition, offset: number, epoch: string): Step {
  if (epoch !== last.epoch) return "gap";
  if (offset <= last.offset) return "known";
  return offset === last.offset + 1 ? "next" : "gap";
}

/** Anything with a place; offset 0 is none. */
export interface Placed {
  readonly offset: number;
  readonly epoch: string;
}

/**
 * What of `held`, which arrived while a history was read, comes after the `top` that was read. Undefined when it does
 * not follow: something is missing, or the stream began anew in between.
 */
export function followUp<P extends Placed>(
  top: StreamPosition,
  held: readonly P[],
): readonly P[] | undefined {
  const follow: P[] = [];
  let last = top;
  for (const publication of held) {
    // One without a place was published past the history, before this subscriber was in.
    if (publication.offset === 0) continue;
    const step = stepFrom(last, publication.offset, publication.epoch);
    if (step === "gap") return undefined;
    if (step === "known") continue;
    follow.push(publication);
    last = publication;
  }
  return follow;
}

/** A page of a history, as far as a recovery looks at it. */
export interface PageLike {
  readonly position: StreamPosition;
  readonly messages: readonly { readonly offset: number }[];
  readonly isTruncated: boolean;
}

/** True when `page` holds everything that came after `since`, without a gap. */
export function isComplete(since: StreamPosition, page: PageLike): boolean {
  const { position, messages, isTruncated } = page;
  if (isTruncated || since.epoch !== position.epoch || since.offset > position.offset) return false;
  if (messages.length !== position.offset - since.offset) return false;
  return messages.every(({ offset }, index) => offset === since.offset + 1 + index);
}

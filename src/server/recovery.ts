/** What a subscriber with a position is answered. Pure. */
import type { HistoryPage, StreamPosition } from "../backend/backend.ts";
import { ClientError } from "../core/errors.ts";
import { utf8Length } from "../core/utf8.ts";
import { isComplete } from "./positions.ts";
import { deltaList, plainList, storedPublications } from "./publication.ts";
import type { SubscriptionTerms } from "./subscription.ts";

/** A recovery may take half of what a connection may be owed; the other half is for what arrives meanwhile. */
export const RECOVERY_SHARE = 0.5;

/** Bit of `flag`: error 112 in place of `recovered: false`. */
const REJECT_UNRECOVERED = 2;

/** What of a subscribe request speaks of recovery. */
export interface RecoveryRequest {
  readonly recover?: boolean | undefined;
  readonly epoch?: string | undefined;
  readonly offset?: number | undefined;
  readonly flag?: number | undefined;
}

/** How a subscription goes on. */
export interface Resumption {
  /** Fields of the subscribe result. */
  readonly fields: readonly string[];
  /** Where live publications go on. */
  readonly position: StreamPosition;
  /** The last payload in the result. */
  readonly base: string | undefined;
  /** Undefined when nobody asked. */
  readonly isRecovered: boolean | undefined;
}

/** The position a client wants to recover from; undefined when it does not. */
export function wantedSince(request: RecoveryRequest, terms: SubscriptionTerms): StreamPosition | undefined {
  if (!terms.isRecoverable || request.recover !== true) return undefined;
  return { offset: request.offset ?? 0, epoch: request.epoch ?? "" };
}

/**
 * Answers a subscriber from `page`, which was read since `since`. All that was missed is there, in `maxBytes`, or none.
 * Throws 112 where that is not so and the client wants it thrown.
 */
export function resume(
  request: RecoveryRequest,
  terms: SubscriptionTerms,
  page: HistoryPage,
  maxBytes: number,
): Resumption {
  const since = wantedSince(request, terms);
  const fields = ['"positioned":true'];
  if (terms.isRecoverable) fields.push('"recoverable":true');
  const { position } = page;
  if (since === undefined) {
    return {
      fields: [...fields, ...placeFields(position)],
      position,
      base: undefined,
      isRecovered: undefined,
    };
  }
  fields.push('"was_recovering":true');
  const found = missed({ ...since, epoch: since.epoch || position.epoch }, terms, page, maxBytes);
  if (found !== undefined) {
    // The client moves on from where it was with each publication that follows.
    fields.push('"recovered":true', ...placeFields({ offset: since.offset, epoch: position.epoch }));
    if (found.list !== "") fields.push(`"publications":[${found.list}]`);
    return { fields, position, base: found.base, isRecovered: true };
  }
  if (((request.flag ?? 0) & REJECT_UNRECOVERED) !== 0) throw new ClientError("unrecoverablePosition");
  return { fields: [...fields, ...placeFields(position)], position, base: undefined, isRecovered: false };
}

function missed(
  since: StreamPosition,
  terms: SubscriptionTerms,
  page: HistoryPage,
  maxBytes: number,
): { readonly list: string; readonly base: string | undefined } | undefined {
  if (!isComplete(since, page)) return undefined;
  const { filter, wantsDelta } = terms;
  const all = storedPublications(page.messages);
  if (all.length !== page.messages.length) return undefined;
  const wanted = filter === undefined ? all : all.filter(({ fields }) => filter.accepts(fields.tags));
  const list = (wantsDelta ? deltaList(wanted) : plainList(wanted)).join(",");
  if (utf8Length(list) > maxBytes) return undefined;
  return { list, base: wanted.at(-1)?.envelope.data };
}

function placeFields({ epoch, offset }: StreamPosition): readonly string[] {
  return [`"epoch":${JSON.stringify(epoch)}`, `"offset":${offset}`];
}

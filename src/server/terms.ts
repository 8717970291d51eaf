/** What of a subscribe request the channel's options grant. Pure. */
import type { ChannelOptions } from "./options.ts";
import type { SubscriptionTerms } from "./subscription.ts";
import { parseTagFilter } from "./tag_filter.ts";

/** What a subscriber may ask for. */
export interface TermsRequest {
  readonly recover?: boolean | undefined;
  readonly positioned?: boolean | undefined;
  readonly recoverable?: boolean | undefined;
  readonly join_leave?: boolean | undefined;
  readonly delta?: string | undefined;
  readonly tf?: unknown;
}

/** True when nobody in channels with these options can have more than publications. */
function isPlainChannel(options: ChannelOptions): boolean {
  const { historySize, presence, joinLeave, delta, slowPolicy } = options;
  return historySize === 0 && !presence && !joinLeave && !delta && slowPolicy === "close";
}

const plainChannels = new WeakMap<ChannelOptions, boolean>();

/** True when a subscription is nothing but getting what is published: the usual, and the fast one. */
export function isPlain(options: ChannelOptions, request: TermsRequest): boolean {
  let isPlainHere = plainChannels.get(options);
  if (isPlainHere === undefined) plainChannels.set(options, isPlainHere = isPlainChannel(options));
  return isPlainHere && request.tf === undefined;
}

/** Grants what options allow; what they do not is left out, and the result tells. Throws 107 for a wrong filter. */
export function termsOf(
  options: ChannelOptions,
  request: TermsRequest,
  isServerSide: boolean,
): SubscriptionTerms {
  const { joinLeave, slowPolicy } = options;
  // Whoever may lose publications cannot be promised all of them.
  const isOrderly = slowPolicy === "close";
  const hasHistory = options.historySize > 0 && isOrderly;
  const asksRecovery = request.recoverable === true || request.recover === true;
  const isRecoverable = hasHistory && (options.forceRecovery || asksRecovery);
  const wantsPosition = options.forcePositioning || request.positioned === true;
  const filter = request.tf === undefined || request.tf === null ? undefined : parseTagFilter(request.tf);
  return {
    isRecoverable,
    isPositioned: isRecoverable || (hasHistory && wantsPosition),
    isPresent: options.presence || joinLeave,
    isAnnounced: joinLeave,
    wantsJoinLeave: joinLeave && (options.forcePushJoinLeave || request.join_leave === true),
    // A filter leaves publications out, on which a difference might be based.
    wantsDelta: options.delta && isOrderly && request.delta === "fossil" && filter === undefined,
    filter,
    slowPolicy,
    isServerSide,
  };
}

import type { SubscriptionTerms } from "./subscription.ts";

/** Terms of a subscription that asks for nothing but what is `given`; for tests. */
export function plainTerms(given: Partial<SubscriptionTerms> = {}): SubscriptionTerms {
  return {
    isPositioned: false,
    isRecoverable: false,
    isPresent: false,
    isAnnounced: false,
    wantsJoinLeave: false,
    wantsDelta: false,
    filter: undefined,
    slowPolicy: "close",
    isServerSide: false,
    ...given,
  };
}

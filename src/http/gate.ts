import type { UpgradeLimit } from "../server/mod.ts";
import { type AccessPolicy, clientAddress, type RequestFacts } from "./access.ts";
import { type Answer, errorAnswer, RETRY_SOON, unavailableAnswer } from "./answer.ts";

/** What keeps new clients out for the moment, whatever they speak. */
export interface Gate {
  readonly access: AccessPolicy;
  /** True while the node drains: new clients are answered 503, the listener stays open. */
  isDraining(): boolean;
  /** True while no further client may be taken: new ones are answered 503. */
  isFull(): boolean;
  /** The limit that keeps a new client of an address out, if any; asked once for each, when it may come else. */
  limitHit?(clientAddress: string): UpgradeLimit | undefined;
}

/** Why a new client may not come at this moment, as an answer; undefined: it may, and counts as come. */
export function keptOut(facts: RequestFacts, gate: Gate): Answer | undefined {
  if (gate.isDraining()) return unavailableAnswer("Cannot take a client: this node is draining");
  if (gate.isFull()) return unavailableAnswer("Cannot take a client: this node is full");
  const limit = gate.limitHit?.(clientAddress(facts, gate.access));
  return limit === undefined ? undefined : limitAnswer(limit);
}

function limitAnswer(limit: UpgradeLimit): Answer {
  if (limit === "connects_per_s") {
    return unavailableAnswer("Cannot take a client: too many come at once (connects_per_s)");
  }
  const message = "Cannot take a client: its address has too many connections (max_connections_per_address)";
  return errorAnswer(429, message, RETRY_SOON);
}

/** Who may use services. */
import type { Identity } from "../identity.ts";

/** Somebody who was let in: a connection, or who sent an HTTP request. */
export interface RightsHolder {
  /** Undefined verifier: the node is in open mode. */
  readonly context: { readonly verifier: unknown };
  readonly identity: Pick<Identity, "grants">;
}

/** Whether `holder` may call a function of a service: everybody in open mode, else those whose token grants `srv`. */
export function mayCall(holder: RightsHolder, _service: string, _function: string): boolean {
  return hasServiceRight(holder);
}

/** Whether `holder` may see which services are offered. */
export function mayList(holder: RightsHolder): boolean {
  return hasServiceRight(holder);
}

/** Whether `holder` may offer a service. */
export function mayOffer(holder: RightsHolder, _service: string): boolean {
  return hasServiceRight(holder);
}

function hasServiceRight({ context, identity }: RightsHolder): boolean {
  return context.verifier === undefined || identity.grants.has("srv");
}

import type { ServerApi } from "../../server/mod.ts";
import { isDirect, isLocal } from "../access.ts";
import { errorAnswer, toResponse } from "../answer.ts";
import { hasRight } from "./api_key.ts";
import type { RouteHandler } from "./route.ts";

/** To whom a node shows its state. */
export interface Audience {
  /** Every peer of its closed network, such as Prometheus, but still nobody whom a proxy brings. */
  readonly isInsecure: boolean;
  /** Knows the keys. */
  readonly api: ServerApi | undefined;
}

/** Lets `handler` answer peers on this machine that came through no proxy, and keys with `right`; others get 403. */
export function localOrKey(
  { isInsecure, api }: Audience,
  right: string,
  handler: RouteHandler,
): RouteHandler {
  const isNear = isInsecure ? isDirect : isLocal;
  const forbidden = errorAnswer(
    403,
    "Cannot show this to a remote peer: ask on the node's own machine, at its own port, not through a proxy, " +
      `or with an API key that has the method ${right}`,
  );
  return (context) => {
    const isAllowed = isNear(context.env) || (api !== undefined && hasRight(api, context.env, right));
    return isAllowed ? handler(context) : toResponse(forbidden);
  };
}

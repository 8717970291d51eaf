import { isDirect, isLocal } from "../access.ts";
import { errorAnswer, toResponse } from "../answer.ts";
import type { RouteHandler } from "./route.ts";

/**
 * Lets `handler` answer only peers on this machine that came through no proxy; others get 403. An insecure node answers
 * every peer of its closed network, such as Prometheus, but still nobody whom a proxy brings.
 */
export function localOnly(handler: RouteHandler, isInsecure: boolean): RouteHandler {
  const isAllowed = isInsecure ? isDirect : isLocal;
  return (context) => isAllowed(context.env) ? handler(context) : toResponse(FORBIDDEN);
}

const FORBIDDEN = errorAnswer(
  403,
  "Cannot show this to a remote peer: ask on the node's own machine, at its own port, not through a proxy",
);

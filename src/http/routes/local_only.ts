import { isLocal } from "../access.ts";
import { errorAnswer, toResponse } from "../answer.ts";
import type { RouteHandler } from "./route.ts";

/** Lets `handler` answer only peers on this machine that came through no proxy; others get 403. */
export function localOnly(handler: RouteHandler): RouteHandler {
  return (context) => isLocal(context.env) ? handler(context) : toResponse(FORBIDDEN);
}

const FORBIDDEN = errorAnswer(
  403,
  "Cannot show this to a remote peer: ask on the node's own machine, at its own port, not through a proxy",
);

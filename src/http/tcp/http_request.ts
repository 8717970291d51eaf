import type { ParsedHead } from "./http_head.ts";
import type { UpgradeRequest } from "./upgrade.ts";

/** A request as the access checks, the routes and the WebSocket see it. */
export interface HttpRequest extends UpgradeRequest {
  readonly parsed: ParsedHead;
}

/** The request that `parsed` is the head of, from a peer at `remoteAddress`. */
export function requestOf(parsed: ParsedHead, remoteAddress: string): HttpRequest {
  const { method, target, headers } = parsed;
  const queryAt = target.indexOf("?");
  return {
    parsed,
    method,
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    search: queryAt === -1 ? "" : target.slice(queryAt + 1),
    remoteAddress,
    headers,
  };
}

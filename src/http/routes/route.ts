import type { Context, Hono } from "hono";
import type { RequestFacts } from "../access.ts";
import { errorAnswer, toResponse } from "../answer.ts";

/** What a transport hands to the router beside the Request. */
export interface HttpEnv {
  readonly Bindings: RequestFacts;
}

/** Answers one request. */
export type RouteHandler = (context: Context<HttpEnv>) => Response | Promise<Response>;

/** Serves GET, and so HEAD, at `path`; other methods get 405 with `Allow`. */
export function readOnlyRoute(app: Hono<HttpEnv>, path: string, handler: RouteHandler): void {
  app.get(path, handler);
  app.all(path, (context) => toResponse(methodNotAllowed(context.req.method, ["GET", "HEAD"])));
}

/** 405 that tells what is allowed. */
export function methodNotAllowed(method: string, allowed: readonly string[]) {
  const allow = allowed.join(", ");
  return errorAnswer(405, `Cannot ${method} here: use ${allow}`, { allow });
}

import type { Hono } from "hono";
import type { RequestFacts } from "../access.ts";
import { errorAnswer, jsonAnswer, toResponse } from "../answer.ts";
import type { HttpLog } from "../log.ts";
import { changeLogLevel, type LogLevelView } from "./admin_log_level.ts";
import { type HttpEnv, methodNotAllowed } from "./route.ts";

/** The node as its operators change it. */
export interface AdminView extends LogLevelView {
  /** Starts the drain, or does nothing when it is under way. */
  drain(): void;
  /** Clients that are still here. */
  readonly connections: number;
}

/** Whether a request may change this node. Called before anything else is looked at. */
export type MayAdmin = (request: RequestFacts) => boolean | Promise<boolean>;

/** Who may change what. */
export interface Administration {
  readonly node: AdminView;
  readonly mayAdmin: MayAdmin;
}

const FORBIDDEN = errorAnswer(
  403,
  "Cannot change this node: in open mode ask from its own machine without a proxy, otherwise with an API key that has " +
    "the method admin",
);

/**
 * `POST /admin/log_level`: see {@linkcode changeLogLevel}.
 *
 * `POST /admin/drain`: readiness off, no new clients, those there are asked to reconnect elsewhere, at a pace. Answered
 * at once with 202 and how many are left; `GET /health` tells when there are none. The process stays until it is ended.
 */
export function adminRoutes(app: Hono<HttpEnv>, { node, mayAdmin }: Administration, log: HttpLog): void {
  app.post("/admin/drain", async (context) => {
    if (!await mayAdmin(context.env)) return toResponse(FORBIDDEN);
    log.warn("asked over HTTP to drain", { peer: context.env.remoteAddress });
    node.drain();
    return toResponse(jsonAnswer(202, { draining: true, connections: node.connections }));
  });
  app.post("/admin/log_level", async (context) => {
    if (!await mayAdmin(context.env)) return toResponse(FORBIDDEN);
    return await changeLogLevel(context, node, log);
  });
  for (const path of ["/admin/drain", "/admin/log_level"]) {
    app.all(path, (context) => toResponse(methodNotAllowed(context.req.method, ["POST"])));
  }
}

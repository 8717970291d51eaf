/** `GET /{workspace}/services`, `/{workspace}/services/{id}`, and calls of their functions. */
import type { Context, Hono } from "hono";
import { ClientError } from "../../core/errors.ts";
import { WORKSPACE_ID } from "../../protocol/channel_name.ts";
import { RESERVED_SEGMENTS, type ServiceDoor, type ServiceVisitor } from "../../server/mod.ts";
import { type Answer, errorAnswer, jsonAnswer, toResponse } from "../answer.ts";
import { presentedKey } from "./api_key.ts";
import { type HttpEnv, methodNotAllowed, type RouteHandler } from "./route.ts";
import { answerCall } from "./service_call.ts";

const BEARER = /^bearer (\S+)$/i;

/** What a visitor gets. */
type VisitorHandler = (
  visitor: ServiceVisitor,
  context: Context<HttpEnv>,
) => Answer | Response | Promise<Answer | Response>;

/** Puts the services of the cluster on the router. */
export function serviceRoutes(app: Hono<HttpEnv>, gate: ServiceDoor): void {
  const withVisitor = visitorGuard(gate);
  const list = withVisitor(async (visitor) => jsonAnswer(200, await gate.list(visitor)));
  const details = withVisitor(async (visitor, context) =>
    jsonAnswer(200, await gate.get(visitor, context.req.param("id") ?? ""))
  );
  for (
    const [path, handler] of [["/:workspace/services", list], ["/:workspace/services/:id", details]] as const
  ) {
    app.get(path, handler);
    app.all(path, (context) => toResponse(methodNotAllowed(context.req.method, ["GET", "HEAD"])));
  }
  const path = "/:workspace/services/:id/:function";
  app.on(["GET", "POST"], path, withVisitor((visitor, context) => answerCall(gate, visitor, context)));
  app.all(path, (context) => toResponse(methodNotAllowed(context.req.method, ["GET", "POST"])));
}

/** Lets in who may come in, and answers what a handler throws. */
function visitorGuard(gate: ServiceDoor): (handler: VisitorHandler) => RouteHandler {
  return (handler) => async (context) => {
    const workspace = context.req.param("workspace") ?? "";
    if (!isWorkspace(workspace)) return toResponse(unknownWorkspace(workspace));
    const { env } = context;
    const token = BEARER.exec(env.headers.get("authorization") ?? "")?.[1];
    try {
      const visitor = await gate.admit(workspace, { token, apiKey: presentedKey(env) });
      const answer = await handler(visitor, context);
      return answer instanceof Response ? answer : toResponse(answer);
    } catch (thrown) {
      // Whatever else it is, the router logs it.
      if (!(thrown instanceof ClientError)) throw thrown;
      return toResponse(failureAnswer(thrown));
    }
  };
}

/** A failure of the client protocol as an HTTP answer. */
function failureAnswer({ code, message, status }: ClientError): Answer {
  const headers = status === 401 ? { "www-authenticate": "bearer" } : undefined;
  return jsonAnswer(status, { error: { code, message } }, headers);
}

function isWorkspace(name: string): boolean {
  return WORKSPACE_ID.test(name) && !RESERVED_SEGMENTS.has(name);
}

function unknownWorkspace(name: string) {
  return errorAnswer(
    404,
    `Cannot find workspace ${JSON.stringify(name)}: want 1 to 64 of a-z, 0-9 and "-", not a route`,
  );
}

import type { Hono } from "hono";
import { WORKSPACE_ID } from "../../protocol/channel_name.ts";
import { RESERVED_SEGMENTS } from "../../server/mod.ts";
import { errorAnswer, jsonAnswer, toResponse } from "../answer.ts";
import { type HttpEnv, readOnlyRoute } from "./route.ts";

function isWorkspace(name: string): boolean {
  return WORKSPACE_ID.test(name) && !RESERVED_SEGMENTS.has(name);
}

/** `GET /{workspace}/services` and `/{workspace}/services/{id}`. No client can offer a service yet: none are listed. */
export function serviceRoutes(app: Hono<HttpEnv>): void {
  readOnlyRoute(app, "/:workspace/services", (context) => {
    const workspace = context.req.param("workspace") ?? "";
    return toResponse(isWorkspace(workspace) ? jsonAnswer(200, []) : unknownWorkspace(workspace));
  });
  readOnlyRoute(app, "/:workspace/services/:id", (context) => {
    const { workspace = "", id = "" } = context.req.param();
    return toResponse(isWorkspace(workspace) ? unknownService(workspace, id) : unknownWorkspace(workspace));
  });
}

function unknownWorkspace(name: string) {
  return errorAnswer(
    404,
    `Cannot find workspace ${JSON.stringify(name)}: want 1 to 64 of a-z, 0-9 and "-", not a route`,
  );
}

function unknownService(workspace: string, id: string) {
  return errorAnswer(
    404,
    `Cannot find service ${JSON.stringify(id)} in workspace "${workspace}": nobody offers it`,
  );
}

import type { Hono } from "hono";
import type { NodeView } from "../node_view.ts";
import { localOnly } from "./local_only.ts";
import { type HttpEnv, readOnlyRoute } from "./route.ts";

/** `GET /metrics`: Prometheus text. */
export function metricsRoutes(app: Hono<HttpEnv>, node: NodeView, isInsecure: boolean): void {
  readOnlyRoute(
    app,
    "/metrics",
    localOnly(async () => {
      const { contentType, body } = await node.metrics();
      return new Response(body, { headers: { "content-type": contentType } });
    }, isInsecure),
  );
}

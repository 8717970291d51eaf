import type { Hono } from "hono";
import type { NodeView } from "../node_view.ts";
import { type Audience, localOrKey } from "./local_or_key.ts";
import { type HttpEnv, readOnlyRoute } from "./route.ts";

/** `GET /metrics`: Prometheus text. */
export function metricsRoutes(app: Hono<HttpEnv>, node: NodeView, audience: Audience): void {
  readOnlyRoute(
    app,
    "/metrics",
    localOrKey(audience, "metrics", async () => {
      const { contentType, body } = await node.metrics();
      return new Response(body, { headers: { "content-type": contentType } });
    }),
  );
}

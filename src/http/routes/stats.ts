import type { Hono } from "hono";
import { jsonAnswer, toResponse, unavailableAnswer } from "../answer.ts";
import type { NodeView } from "../node_view.ts";
import type { HttpLog } from "../log.ts";
import { type Audience, localOrKey } from "./local_or_key.ts";
import { type HttpEnv, readOnlyRoute } from "./route.ts";

/** `GET /stats`: live nodes of the cluster, 503 while the backend cannot name them. */
export function statsRoutes(app: Hono<HttpEnv>, node: NodeView, log: HttpLog, audience: Audience): void {
  readOnlyRoute(
    app,
    "/stats",
    localOrKey(audience, "metrics", async () => {
      try {
        return toResponse(jsonAnswer(200, await node.stats()));
      } catch (error) {
        log.warn("stats are not available", { error });
        return toResponse(unavailableAnswer("Cannot read the cluster's stats: the backend does not answer"));
      }
    }),
  );
}

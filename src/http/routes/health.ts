import type { Hono } from "hono";
import { type Answer, jsonAnswer, toResponse } from "../answer.ts";
import type { NodeView } from "../node_view.ts";
import { type HttpEnv, readOnlyRoute } from "./route.ts";

const LIVE = jsonAnswer(200, { live: true });

/**
 * Answers `/health`, `/health/live` and `/health/ready`; undefined for other paths. A plain function, because
 * transports ask it before they build a Request: a probe must stay cheap on a busy node.
 */
export function healthAnswer(node: NodeView, path: string): Answer | undefined {
  switch (path) {
    case "/health":
      return jsonAnswer(node.ready().ready ? 200 : 503, node.health());
    case "/health/live":
      return LIVE;
    case "/health/ready":
      return readyAnswer(node);
    default:
      return undefined;
  }
}

function readyAnswer(node: NodeView): Answer {
  const report = node.ready();
  return jsonAnswer(report.ready ? 200 : 503, report);
}

/** Puts the probes on the router too, with the same answers. */
export function healthRoutes(app: Hono<HttpEnv>, node: NodeView): void {
  for (const path of ["/health", "/health/live", "/health/ready"]) {
    readOnlyRoute(app, path, () => toResponse(healthAnswer(node, path) ?? LIVE));
  }
}

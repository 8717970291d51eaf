// hono routes what is not hot: it runs on web standards alone and is tested without a socket.
import { Hono } from "hono";
import type { RequestFacts } from "./access.ts";
import { type Answer, errorAnswer, toResponse } from "./answer.ts";
import type { NodeView } from "./node_view.ts";
import type { HttpLog } from "./log.ts";
import type { ServerApi, ServiceDoor } from "../server/mod.ts";
import { type Administration, adminRoutes } from "./routes/admin.ts";
import { apiRoutes } from "./routes/api.ts";
import { fallbackRoutes, type FallbackView } from "./routes/fallback.ts";
import { healthAnswer, healthRoutes } from "./routes/health.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { requestIdOf } from "./request_id.ts";
import type { HttpEnv } from "./routes/route.ts";
import { serviceRoutes } from "./routes/services.ts";
import { traceRequests } from "./routes/trace.ts";
import { isTracing } from "../tracing/mod.ts";
import { statsRoutes } from "./routes/stats.ts";

/** The endpoints of a node, whatever the transport. */
export interface HttpApp {
  /** Answers a GET or HEAD that is hot, or undefined: then {@linkcode fetch} has the answer. */
  probe(path: string): Answer | undefined;
  /** Routes any request; never rejects. */
  fetch(request: Request, facts: RequestFacts): Response | Promise<Response>;
}

/** What a node serves beside its own state. */
export interface HttpAppOptions {
  /** Shows stats and metrics to the whole network of the node. */
  readonly isInsecure?: boolean;
  /** Without it there is nothing under `/admin`. */
  readonly administration?: Administration | undefined;
  /** Without it there is nothing under `/api`, and no API key is known. */
  readonly api?: ServerApi | undefined;
  /** Without it clients come by WebSocket alone. */
  readonly fallback?: FallbackView | undefined;
  /** Without it there are no services. */
  readonly services?: ServiceDoor | undefined;
}

/** Makes the endpoints of `node`. */
export function createHttpApp(node: NodeView, log: HttpLog, options: HttpAppOptions = {}): HttpApp {
  const router = createRouter(node, log, options);
  return {
    probe: (path) => healthAnswer(node, path),
    fetch: (request, facts) => router.fetch(request, facts),
  };
}

/** The router alone, for tests through `router.request()`. */
export function createRouter(node: NodeView, log: HttpLog, options: HttpAppOptions = {}): Hono<HttpEnv> {
  const { isInsecure = false, administration, api, fallback, services } = options;
  const router = new Hono<HttpEnv>();
  if (isTracing) router.use("*", traceRequests(node));
  healthRoutes(router, node);
  statsRoutes(router, node, log, { isInsecure, api });
  metricsRoutes(router, node, { isInsecure, api });
  if (api !== undefined) apiRoutes(router, api);
  if (administration !== undefined) adminRoutes(router, administration, log);
  if (fallback !== undefined) fallbackRoutes(router, fallback, log);
  if (services !== undefined) serviceRoutes(router, services);
  router.notFound((context) =>
    toResponse(errorAnswer(404, `Cannot find ${JSON.stringify(context.req.path)}`))
  );
  router.onError((error, { env, req }) => {
    const request = requestIdOf(env.headers);
    log.error("a route failed", { request, method: req.method, path: req.path, error });
    const headers = { "x-request-id": request };
    return toResponse(errorAnswer(500, "Cannot answer: internal server error", headers));
  });
  return router;
}
